// Damaged safetensors files for the agreement test: from a few healthy headers, by a seeded generator, so that every
// run sees the same files. Half of the mutations keep the JSON well-formed, since random bytes seldom get past its syntax.

/** Mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A file around a header text, with the length right. */
export function fileOf(header: string | Uint8Array, dataBytes: number): Buffer {
  const json = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

const healthy: readonly { readonly header: string; readonly dataBytes: number }[] = [
  { header: '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', dataBytes: 8 },
  {
    header:
      '{"__metadata__":{"format":"pt"},"b.weight":{"dtype":"U32","shape":[2,4],"data_offsets":[0,32]},' +
      '"b.scales":{"dtype":"F16","shape":[2,1],"data_offsets":[32,36]},"b.biases":{"dtype":"BF16","shape":[2,1],"data_offsets":[36,40]}}  ',
    dataBytes: 40,
  },
  {
    header:
      '{"__metadata__":null,"z":{"data_offsets":[8,16],"dtype":"I64","shape":[]},"a":{"data_offsets":[0,8],"dtype":"F8_E4M3","shape":[8]},' +
      '"e":{"data_offsets":[16,16],"dtype":"F32","shape":[0,3]}}',
    dataBytes: 16,
  },
  {
    header:
      '{ "f4": {"dtype": "F4", "shape": [4, 4], "data_offsets": [0, 8]},\n "x\\u00e9é": {"dtype": "BOOL", "shape": [3], "data_offsets": [8, 11]} }',
    dataBytes: 11,
  },
]

/** Layers that are alike, as headers really are: each read by comparing it with the one before. */
function layers(
  write: (name: string, dtype: string, shape: string, begin: number, end: number) => string,
  join: string,
) {
  const entries = Array.from({ length: 5 }, (_, i) => [
    write(`layers.${i + 7}.a.weight`, 'U32', '2,1', i * 16, i * 16 + 8),
    write(`layers.${i + 7}.a.scales`, 'F16', '2,1', i * 16 + 8, i * 16 + 12),
    write(`layers.${i + 7}.b`, 'BF16', '2', i * 16 + 12, i * 16 + 16),
  ])
  return { header: `{${entries.flat().join(join)}}`, dataBytes: 80 }
}

const bases = [
  ...healthy,
  layers(
    (name, dtype, shape, begin, end) =>
      `"${name}":{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${end}]}`,
    ',',
  ),
  layers(
    (name, dtype, shape, begin, end) =>
      `"${name}" : {"data_offsets": [ ${begin} , ${end} ], "dtype": "${dtype}", "shape": [${shape}] }`,
    ' ,\n ',
  ),
]

const replacements: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /"[A-Z]+\d*(_E\dM\d)?"/g,
    [
      '"F32"',
      '"F4"',
      '"F6_E2M3"',
      '"U8"',
      '"F64"',
      '"X9"',
      '"f32"',
      '7',
      'null',
      '{"F32":null}',
      '["F32"]',
      '"F\\u00332"',
      '""',
    ],
  ],
  [
    /(?<=[[,] ?)\d+(?=[\],])/g,
    [
      '0',
      '1',
      '2',
      '3',
      '8',
      '-1',
      '-0',
      '2.0',
      '1e0',
      '007',
      '4294967298',
      '9007199254740993',
      '18446744073709551615',
      '18446744073709551616',
      '9223372036854775808,4',
      'true',
      '"2"',
      '[1]',
      'null',
      '',
    ],
  ],
  [
    /"data_offsets"|"dtype"|"shape"/g,
    ['"dtype"', '"shape"', '"data_offsets"', '"extra":[{"y":1e5}],"shape"', '"\\u0064type"', '"Dtype"'],
  ],
  [
    /"(a|b\.weight|b\.scales|z|e)"(?=:)/g,
    [
      '"a"',
      '"b.weight"',
      '"__metadata__"',
      '"__proto__"',
      '""',
      '"\\u0061"',
      '"\\ud83d\\ude00"',
      '"\\ud800"',
      '"\\x"',
      '"a\u0001"',
    ],
  ],
  [
    /\{"format":"pt"\}|null/g,
    ['null', '{}', '{"a":1}', '[]', '"x"', '{"a":null}', '{"a":"x","a":"y"}', 'true', '{"\\u0000":"\\n"}'],
  ],
  [/[{}[\],:]/g, ['{', '}', '[', ']', ',', ':', ' ', '\t', '\f', '\u00a0', ',,', '1e999', '"x":1,']],
]

/** The n-th damaged file of a run. */
export function mutated(random: (below: number) => number): Buffer {
  const base = bases[random(bases.length)] ?? { header: '{}', dataBytes: 0 }
  const how = random(8)
  if (how < 4) return fileOf(editText(base.header, random), base.dataBytes + lengthSlip(random))
  const file = fileOf(base.header, base.dataBytes)
  if (how === 4) return file.subarray(0, random(file.length + 1))
  if (how === 5) return Buffer.concat([file, Buffer.alloc(1 + random(9))])
  if (how === 6) {
    const times = 1 + random(3)
    for (let i = 0; i < times; i++) file[random(file.length)] = random(256)
    return file
  }
  // One byte more or fewer in the header, with the length put right.
  const json = Buffer.from(base.header)
  const at = random(json.length)
  const inserted = random(2) === 0 ? [] : [random(3) === 0 ? random(256) : (json[random(json.length)] ?? 0)]
  const skipped = inserted.length === 0 || random(2) === 0 ? 1 : 0
  return fileOf(
    Buffer.concat([json.subarray(0, at), Buffer.from(inserted), json.subarray(at + skipped)]),
    base.dataBytes,
  )
}

/** Mostly none, so that most files are judged for their header. */
function lengthSlip(random: (below: number) => number): number {
  return random(6) === 0 ? random(5) : 0
}

function editText(header: string, random: (below: number) => number): string {
  let text = header
  const edits = 1 + random(2)
  for (let i = 0; i < edits; i++) {
    const [pattern, choices] = replacements[random(replacements.length)] ?? [/$^/g, ['']]
    const places = [...text.matchAll(pattern)]
    const place = places[random(Math.max(1, places.length))]
    if (!place) continue
    text =
      text.slice(0, place.index) + (choices[random(choices.length)] ?? '') + text.slice(place.index + place[0].length)
  }
  return text
}

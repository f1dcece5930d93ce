export function testPython(): string | undefined {
  return process.env.TENSORLINT_TEST_PYTHON || undefined
}

// The page that shows a header: escaped text in the editor's own font and colours. Scripts, images and everything else
// from outside are forbidden, since names in a checkpoint are a stranger's text. No `vscode` here.

/** More lines than a person scrolls through and a page draws at once; the text document has them all. */
const maxLines = 5000

/** A complete HTML document. */
export function headerPage(text: string): string {
  const lines = text.split('\n')
  const cut = lines.length > maxLines ? `<p>The first ${maxLines} of ${lines.length} lines.</p>` : ''
  const body = lines.slice(0, maxLines).map(line => escapeHtml(line))
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';">
<title>Safetensors header</title>
<style>
  body { padding: 0 20px 20px; color: var(--vscode-editor-foreground); background: var(--vscode-editor-background); }
  p { color: var(--vscode-descriptionForeground); }
  a { color: var(--vscode-textLink-foreground); }
  pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); line-height: 1.5; tab-size: 4; }
</style>
</head>
<body>
<p>The header of this file, read-only. The tensors' data is not read. <a href="command:tensorlint.openHeader">Open as text</a> to search it.</p>
<pre>${body.join('\n')}</pre>
${cut}
</body>
</html>
`
}

/** Text as it may stand in HTML, also in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

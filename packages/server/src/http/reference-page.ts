/**
 * A browsable page of the API, drawn from openapi.json by a script of our own: no foreign host is asked for anything.
 *
 * @module
 */

export const REFERENCE_HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evercert API</title>
<script src="/api/v1/docs.js" defer></script>
<body><main id="reference">Loading…</main></body>
</html>`

export const REFERENCE_SCRIPT = `'use strict'
const sheet = new CSSStyleSheet()
sheet.replaceSync(\`
  :root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 15px/1.5 system-ui, sans-serif }
  body { margin: 0 auto; max-width: 60rem; padding: 1.5rem }
  h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid #8884 }
  summary { cursor: pointer; padding: .35rem 0 }
  summary b { display: inline-block; width: 3.5rem; font-family: ui-monospace, monospace }
  code, pre { font-family: ui-monospace, monospace; font-size: 13px }
  pre { overflow: auto; padding: .75rem; background: #8881; border-radius: 6px }
  details { border-bottom: 1px solid #8882 }
\`)
document.adoptedStyleSheets = [sheet]
const element = (tag, text, ...children) => {
  const node = document.createElement(tag)
  if (text) node.textContent = text
  node.append(...children)
  return node
}
const schemaOf = (content) => content && Object.values(content)[0] && Object.values(content)[0].schema
const json = (value) => Object.assign(element('pre', JSON.stringify(value, null, 2)), { tabIndex: 0 }) // scrolled by the keyboard too
const block = (title, value) => value ? [element('h3', title), json(value)] : []
function operation(path, method, details) {
  const summary = element('summary', '', element('b', method.toUpperCase()), element('code', '/api/v1' + path), ' ' + (details.summary || ''))
  const answers = Object.entries(details.responses || {}).flatMap(([status, answer]) => block('Answer ' + status, schemaOf(answer.content)))
  return element('details', '', summary, element('p', details.description || ''),
    ...block('Parameters', details.parameters), ...block('Request', schemaOf((details.requestBody || {}).content)), ...answers)
}
fetch('/api/v1/openapi.json').then((answer) => answer.json()).then((api) => {
  const main = document.getElementById('reference')
  main.replaceChildren(element('h1', 'Evercert API ' + api.info.version), element('p', api.info.description),
    element('p', 'Send "Authorization: Bearer <token>". Errors are problem documents (RFC 9457) with cause and remedy in English and Chinese.'))
  const groups = new Map()
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, details] of Object.entries(methods)) {
      const tag = (details.tags || ['Other'])[0]
      groups.set(tag, [...(groups.get(tag) || []), operation(path, method, details)])
    }
  for (const [tag, operations] of groups) main.append(element('h2', tag), ...operations)
  const schemas = Object.entries((api.components || {}).schemas || {})
  main.append(element('h2', 'Schemas'), ...schemas.map(([name, schema]) => element('details', '', element('summary', '', element('code', name)), json(schema))))
})
`

/**
 * A receipt as PDF 1.4 (ISO 32000-1): text in the standard fonts, which every reader has. They hold no Chinese, so it is in English; what is
 * not ASCII is written as `?`. The signed text is at its end, so that the paper can be checked as well.
 *
 * @module
 */
import type { ReceiptView } from '@evercert/contract'
import { readableName } from '@evercert/pki/readable-name'

const WIDTH = 595 // A4 in points
const HEIGHT = 842
const MARGIN = 50
const LINE_HEIGHT = 12
const LINES_PER_PAGE = Math.floor((HEIGHT - 2 * MARGIN) / LINE_HEIGHT)
const COLUMNS = 92 // Courier at 9 points

interface Line {
  readonly text: string
  readonly isTitle?: boolean
}

export function writeReceiptPdf(receipt: ReceiptView): Buffer {
  const lines = describe(receipt).flatMap(wrap)
  const pages: string[] = []
  for (let from = 0; from < lines.length; from += LINES_PER_PAGE) pages.push(toContent(lines.slice(from, from + LINES_PER_PAGE)))
  return assemble(pages)
}

function describeReplaced(replaces: ReceiptView['claims']['replaces']): Line[] {
  if (replaces === null) return [{ text: 'Replaces     nothing that was served before' }]
  const others = (replaces.others ?? []).map((sha256) => ({ text: `             ${sha256}` }))
  const basis = replaces.basis === 'observed' ? 'seen to be served before' : 'by the records; it was not seen'
  return [{ text: `Replaces     ${replaces.sha256}` }, ...others, { text: `             (${basis})` }]
}

function describe({ claims, jws, keyId }: ReceiptView): Line[] {
  const { certificate, replaces, endpoints, software } = claims
  const text = (line = ''): Line => ({ text: line })
  return [
    { text: 'Receipt of a replaced certificate', isTitle: true },
    text(),
    text(`Receipt      ${claims.jti}`),
    text(`Issued by    ${claims.iss} (${software.name} ${software.version})`),
    text(`Proved at    ${claims.provedAt}`),
    text(),
    text(`Certificate  ${certificate.name}`),
    text(`Names        ${certificate.names.join(', ')}`),
    text(`Issuer       ${readableName(certificate.issuer)}`),
    text(`Serial       ${certificate.serial}`),
    text(`Valid        ${certificate.notBefore} to ${certificate.notAfter}`),
    text(`SHA-256      ${certificate.sha256}`),
    ...certificate.chainSha256.slice(1).map((sha256) => text(`Chain        ${sha256}`)),
    ...describeReplaced(replaces),
    text(),
    text('What every address served:'),
    ...endpoints.flatMap(({ host, port, serverName, protocol, addresses }) => [
      text(),
      text(`${host}:${port} (${protocol}, server name ${serverName})`),
      ...addresses.flatMap(({ address, observedAt, certificates }) =>
        certificates.flatMap(({ sha256, verdict, keyKind }) => [
          text(`  ${address}  ${observedAt}  ${verdict} (${keyKind})`),
          text(`    ${sha256}`),
        ]),
      ),
    ]),
    text(),
    text(`Signed with Ed25519, key ${keyId}. Check with: evercert receipt verify`),
    text(),
    text(jws),
  ]
}

function wrap({ text, ...rest }: Line): Line[] {
  const ascii = text.replaceAll(/[^\x20-\x7e]/g, '?')
  return (ascii.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? ['']).map((part) => ({ ...rest, text: part }))
}

function toContent(lines: readonly Line[]): string {
  const shown = lines.map(({ text, isTitle }, index) => {
    const at = HEIGHT - MARGIN - index * LINE_HEIGHT
    const font = isTitle === true ? '/F2 16' : '/F1 9'
    return `BT ${font} Tf 1 0 0 1 ${MARGIN} ${at} Tm (${text.replaceAll(/[\\()]/g, String.raw`\$&`)}) Tj ET`
  })
  return shown.join('\n')
}

/** Objects, cross-reference table, trailer (ISO 32000-1 §7.5). */
function assemble(pages: readonly string[]): Buffer {
  const FIRST_PAGE = 5
  const kids = pages.map((_, index) => `${FIRST_PAGE + 2 * index} 0 R`).join(' ')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>',
    ...pages.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${FIRST_PAGE + 2 * index + 1} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    ]),
  ]
  let body = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = body.length
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`
  return Buffer.from(body + end, 'latin1')
}

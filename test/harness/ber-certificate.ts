/**
 * A certificate that OpenSSL takes and strict readers do not: signed over BER, with a length of five bytes.
 *
 * @module
 */
import { sign, X509Certificate } from 'node:crypto'

/**
 * The same certificate, encoded so and signed anew.
 *
 * @param issuerKeyPem of an EC key on P-256; the leaf's own when it signed itself
 */
export function toBerCertificate(pem: string, issuerKeyPem: string): string {
  const der = new X509Certificate(pem).raw
  const body = elementAt(der, elementAt(der, 0).start)
  const algorithm = elementAt(der, body.end)
  const content = der.subarray(body.start, body.end)
  const length = Buffer.alloc(5)
  length.writeUInt32BE(content.length, 1)
  const toBeSigned = Buffer.concat([Buffer.of(0x30, 0x85), length, content])
  const signature = sign('sha256', toBeSigned, issuerKeyPem)
  const parts = [toBeSigned, der.subarray(body.end, algorithm.end), withHeader(0x03, Buffer.concat([Buffer.of(0), signature]))]
  const text = withHeader(0x30, Buffer.concat(parts)).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
}

function elementAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const short = bytes.readUInt8(at + 1)
  const more = short < 0x80 ? 0 : short & 0x7f
  const size = more === 0 ? short : bytes.readUIntBE(at + 2, more)
  return { start: at + 2 + more, end: at + 2 + more + size }
}

function withHeader(tag: number, content: Buffer): Buffer {
  const length = content.length < 0x80 ? Buffer.of(content.length) : Buffer.of(0x82, content.length >> 8, content.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, content])
}

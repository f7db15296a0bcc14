/**
 * A CA kept by OpenSSL itself: issues, revokes, writes lists, answers OCSP. What reads its statements is judged by another's work.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface OpensslCaWish {
  /** An empty folder of the test. */
  readonly folder: string
  readonly commonName?: string
  /** `rsa` or `ec`; default `ec`. */
  readonly key?: 'rsa' | 'ec'
  /** Default: it signs itself. */
  readonly parent?: OpensslCa
}

export interface OpensslLeafWish {
  readonly name: string
  readonly crlUrl?: string
  readonly ocspUrl?: string
  readonly issuerUrl?: string
}

export interface OpensslLeaf {
  readonly pem: string
  readonly der: Uint8Array
  readonly keyPem: string
  readonly file: string
}

export interface OpensslCa {
  /** PEM of another authority's certificate. */
  signAuthority(csrPem: string): string
  readonly pem: string
  readonly der: Uint8Array
  issue(wish: OpensslLeafWish): OpensslLeaf
  revoke(leaf: OpensslLeaf, reason?: string): void
  /** DER. @param options of `openssl ca -gencrl`, such as `-crlexts` */
  crl(...options: readonly string[]): Uint8Array
  /** DER of the response to this request, without a network. */
  respond(leaf: OpensslLeaf, ...options: readonly string[]): Uint8Array
  /** The same to a request of somebody else. @param options of `openssl ocsp`, and `delegated`: by a responder's own key */
  answer(request: Uint8Array, ...options: readonly string[]): Uint8Array
}

const KEYS = {
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
}

const settings = (folder: string): string => `
[ca]
default_ca = own
[own]
dir = ${folder}
database = ${folder}/index.txt
serial = ${folder}/serial
crlnumber = ${folder}/crlnumber
new_certs_dir = ${folder}/issued
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
default_days = 90
default_crl_days = 7
policy = any
unique_subject = no
rand_serial = yes
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[responder]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
[elsewhere]
issuingDistributionPoint = critical,@elsewhere_point
[elsewhere_point]
fullname = URI:http://elsewhere.example/ca.crl
[only_cas]
issuingDistributionPoint = critical,@only_cas_point
[only_cas_point]
onlyCA = TRUE
`

export function createOpensslCa({ folder, commonName = 'OpenSSL CA', key = 'ec', parent }: OpensslCaWish): OpensslCa {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): Buffer =>
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  mkdirSync(at('issued'), { recursive: true })
  writeFileSync(at('ca.cnf'), settings(folder))
  writeFileSync(at('index.txt'), '')
  writeFileSync(at('crlnumber'), '01\n')
  openssl('genpkey', ...KEYS[key], '-out', 'ca.key')
  openssl('req', '-config', 'ca.cnf', '-new', '-key', 'ca.key', '-subj', `/CN=${commonName}`, '-out', 'ca.csr')
  const signing = ['x509', '-req', '-extfile', 'ca.cnf', '-extensions', 'authority', '-days', '3650']
  if (parent === undefined) openssl(...signing, '-in', 'ca.csr', '-signkey', 'ca.key', '-out', 'ca.pem')
  else writeFileSync(at('ca.pem'), parent.signAuthority(readFileSync(at('ca.csr'), 'utf8')))
  let count = 0

  const sign = (subject: string, extensions: string): OpensslLeaf => {
    const id = `leaf-${(count += 1)}`
    openssl('genpkey', ...KEYS.ec, '-out', `${id}.key`)
    openssl('req', '-config', 'ca.cnf', '-new', '-key', `${id}.key`, '-subj', `/CN=${subject}`, '-out', `${id}.csr`)
    writeFileSync(at(`${id}.ext`), extensions)
    openssl('ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', `${id}.csr`, '-out', `${id}.pem`, '-extfile', `${id}.ext`)
    const file = at(`${id}.pem`)
    return {
      pem: readFileSync(file, 'utf8'),
      der: openssl('x509', '-in', file, '-outform', 'DER'),
      keyPem: readFileSync(at(`${id}.key`), 'utf8'),
      file,
    }
  }
  const responderOf = (isDelegated: boolean): readonly string[] => {
    if (!isDelegated) return ['-rsigner', 'ca.pem', '-rkey', 'ca.key']
    if (!existsSync(at('responder.pem'))) {
      const { pem, keyPem } = sign(
        'responder',
        readFileSync(at('ca.cnf'), 'utf8').replace(/[\s\S]*\[responder\]\n([^[]+)[\s\S]*/, '$1'),
      )
      writeFileSync(at('responder.pem'), pem)
      writeFileSync(at('responder.key'), keyPem)
    }
    return ['-rsigner', 'responder.pem', '-rkey', 'responder.key']
  }

  const answer = (request: Uint8Array, options: readonly string[]): Uint8Array => {
    writeFileSync(at('req.der'), request)
    const signer = responderOf(options.includes('delegated'))
    const given = options.filter((one) => one !== 'delegated')
    openssl('ocsp', '-index', 'index.txt', '-CA', 'ca.pem', ...signer, '-reqin', 'req.der', '-respout', 'resp.der', ...given)
    return readFileSync(at('resp.der'))
  }

  return {
    signAuthority: (csrPem) => {
      writeFileSync(at('other.csr'), csrPem)
      return openssl(...signing, '-in', 'other.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial').toString('utf8')
    },
    pem: readFileSync(at('ca.pem'), 'utf8'),
    der: openssl('x509', '-in', 'ca.pem', '-outform', 'DER'),
    issue: ({ name, crlUrl, ocspUrl, issuerUrl }) => {
      const access = [
        ...(ocspUrl === undefined ? [] : [`OCSP;URI:${ocspUrl}`]),
        ...(issuerUrl === undefined ? [] : [`caIssuers;URI:${issuerUrl}`]),
      ]
      const lines = [
        `subjectAltName = DNS:${name}`,
        'basicConstraints = CA:FALSE',
        'authorityKeyIdentifier = keyid',
        ...(crlUrl === undefined ? [] : [`crlDistributionPoints = URI:${crlUrl}`]),
        ...(access.length === 0 ? [] : [`authorityInfoAccess = ${access.join(',')}`]),
      ]
      return sign(name, lines.join('\n'))
    },
    revoke: (leaf, reason = 'keyCompromise') =>
      void openssl('ca', '-config', 'ca.cnf', '-revoke', leaf.file, '-crl_reason', reason),
    crl: (...options) => {
      openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem', ...options)
      return openssl('crl', '-in', 'crl.pem', '-outform', 'DER')
    },
    respond: (leaf, ...options) => {
      openssl('ocsp', '-issuer', 'ca.pem', '-cert', leaf.file, '-no_nonce', '-reqout', 'wanted.der')
      return answer(readFileSync(at('wanted.der')), options)
    },
    answer: (request, ...options) => answer(request, options),
  }
}

/**
 * A CA kept by OpenSSL itself: issues, revokes, writes lists, answers OCSP. What reads its statements is judged by another's work.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface OpensslCaWish {
  /** An empty folder of the test. */
  readonly folder: string
  readonly commonName?: string
  /** `rsa` or `ec`; default `ec`. */
  readonly key?: 'rsa' | 'ec'
  /** Of `openssl genpkey`, instead of `key`. */
  readonly keyOptions?: readonly string[]
  /** Default: it signs itself. */
  readonly parent?: OpensslCa
  /** What its own certificate names; the parent's lists and responses are there. */
  readonly names?: OpensslPlaces
}

export interface OpensslPlaces {
  readonly crlUrl?: string
  readonly ocspUrl?: string
  readonly issuerUrl?: string
}

export interface OpensslLeafWish extends OpensslPlaces {
  readonly name: string
}

export interface OpensslLeaf {
  readonly pem: string
  readonly der: Uint8Array
  readonly keyPem: string
  readonly file: string
}

export interface OpensslCa {
  /** PEM of another authority's certificate. */
  signAuthority(csrPem: string, names: OpensslPlaces): Promise<string>
  /** Its own certificate, which its parent revokes by it. */
  readonly file: string
  readonly pem: string
  readonly der: Uint8Array
  issue(wish: OpensslLeafWish): Promise<OpensslLeaf>
  revoke(certificate: Pick<OpensslLeaf, 'file'>, reason?: string): Promise<void>
  /** DER. @param options of `openssl ca -gencrl`, such as `-crlexts` */
  crl(...options: readonly string[]): Promise<Uint8Array>
  /** DER of the response to this request, without a network. */
  respond(leaf: OpensslLeaf, ...options: readonly string[]): Promise<Uint8Array>
  /** The same to a request of somebody else. @param options of `openssl ocsp`, and `delegated`: by a responder's own key */
  answer(request: Uint8Array, ...options: readonly string[]): Promise<Uint8Array>
}

const KEYS = {
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
}

const AUTHORITY = `basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash`

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
${AUTHORITY}
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
[only_users]
issuingDistributionPoint = critical,@only_users_point
[only_users_point]
onlyuser = TRUE
`

const run = promisify(execFile)

function linesOf({ crlUrl, ocspUrl, issuerUrl }: OpensslPlaces): readonly string[] {
  const access = [
    ...(ocspUrl === undefined ? [] : [`OCSP;URI:${ocspUrl}`]),
    ...(issuerUrl === undefined ? [] : [`caIssuers;URI:${issuerUrl}`]),
  ]
  return [
    ...(crlUrl === undefined ? [] : [`crlDistributionPoints = URI:${crlUrl}`]),
    ...(access.length === 0 ? [] : [`authorityInfoAccess = ${access.join(',')}`]),
  ]
}

export async function createOpensslCa({
  folder,
  commonName = 'OpenSSL CA',
  key = 'ec',
  keyOptions = KEYS[key],
  parent,
  names = {},
}: OpensslCaWish): Promise<OpensslCa> {
  const at = (name: string): string => join(folder, name)
  // Beside the test, which goes on serving and asking meanwhile; one after the other, since they share files.
  const openssl = async (...args: readonly string[]): Promise<Buffer> =>
    (await run('openssl', args, { cwd: folder, encoding: 'buffer' })).stdout
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.then(work, work)
    last = next
    return next
  }
  mkdirSync(at('issued'), { recursive: true })
  writeFileSync(at('ca.cnf'), settings(folder))
  writeFileSync(at('index.txt'), '')
  writeFileSync(at('crlnumber'), '01\n')
  await openssl('genpkey', ...keyOptions, '-out', 'ca.key')
  await openssl('req', '-config', 'ca.cnf', '-new', '-key', 'ca.key', '-subj', `/CN=${commonName}`, '-out', 'ca.csr')
  const signing = ['x509', '-req', '-extfile', 'ca.cnf', '-extensions', 'authority', '-days', '3650']
  if (parent === undefined) await openssl(...signing, '-in', 'ca.csr', '-signkey', 'ca.key', '-out', 'ca.pem')
  else writeFileSync(at('ca.pem'), await parent.signAuthority(readFileSync(at('ca.csr'), 'utf8'), names))
  let count = 0

  const sign = async (subject: string, extensions: string): Promise<OpensslLeaf> => {
    const id = `leaf-${(count += 1)}`
    await openssl('genpkey', ...KEYS.ec, '-out', `${id}.key`)
    await openssl('req', '-config', 'ca.cnf', '-new', '-key', `${id}.key`, '-subj', `/CN=${subject}`, '-out', `${id}.csr`)
    writeFileSync(at(`${id}.ext`), extensions)
    await openssl(
      'ca',
      '-config',
      'ca.cnf',
      '-batch',
      '-notext',
      '-in',
      `${id}.csr`,
      '-out',
      `${id}.pem`,
      '-extfile',
      `${id}.ext`,
    )
    const file = at(`${id}.pem`)
    return {
      pem: readFileSync(file, 'utf8'),
      der: await openssl('x509', '-in', file, '-outform', 'DER'),
      keyPem: readFileSync(at(`${id}.key`), 'utf8'),
      file,
    }
  }
  const responderOf = async (isDelegated: boolean): Promise<readonly string[]> => {
    if (!isDelegated) return ['-rsigner', 'ca.pem', '-rkey', 'ca.key']
    if (!existsSync(at('responder.pem'))) {
      const { pem, keyPem } = await sign(
        'responder',
        readFileSync(at('ca.cnf'), 'utf8').replace(/[\s\S]*\[responder\]\n([^[]+)[\s\S]*/, '$1'),
      )
      writeFileSync(at('responder.pem'), pem)
      writeFileSync(at('responder.key'), keyPem)
    }
    return ['-rsigner', 'responder.pem', '-rkey', 'responder.key']
  }

  const answer = async (request: Uint8Array, options: readonly string[]): Promise<Uint8Array> => {
    writeFileSync(at('req.der'), request)
    const signer = await responderOf(options.includes('delegated'))
    const given = options.filter((one) => one !== 'delegated')
    await openssl(
      'ocsp',
      '-index',
      'index.txt',
      '-CA',
      'ca.pem',
      ...signer,
      '-reqin',
      'req.der',
      '-respout',
      'resp.der',
      ...given,
    )
    return readFileSync(at('resp.der'))
  }

  return {
    signAuthority: (csrPem, places) =>
      inTurn(async () => {
        writeFileSync(at('other.csr'), csrPem)
        writeFileSync(at('other.ext'), [AUTHORITY, ...linesOf(places)].join('\n'))
        const own = ['x509', '-req', '-extfile', 'other.ext', '-days', '3650']
        const pem = await openssl(...own, '-in', 'other.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial')
        return pem.toString('utf8')
      }),
    file: at('ca.pem'),
    pem: readFileSync(at('ca.pem'), 'utf8'),
    der: await openssl('x509', '-in', 'ca.pem', '-outform', 'DER'),
    issue: ({ name, ...places }) => {
      const lines = [
        `subjectAltName = DNS:${name}`,
        'basicConstraints = CA:FALSE',
        'authorityKeyIdentifier = keyid',
        ...linesOf(places),
      ]
      return inTurn(() => sign(name, lines.join('\n')))
    },
    revoke: ({ file }, reason = 'keyCompromise') =>
      inTurn(async () => {
        await openssl('ca', '-config', 'ca.cnf', '-revoke', file, '-crl_reason', reason)
      }),
    crl: (...options) =>
      inTurn(async () => {
        await openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem', ...options)
        return openssl('crl', '-in', 'crl.pem', '-outform', 'DER')
      }),
    respond: (leaf, ...options) =>
      inTurn(async () => {
        await openssl('ocsp', '-issuer', 'ca.pem', '-cert', leaf.file, '-no_nonce', '-reqout', 'wanted.der')
        return answer(readFileSync(at('wanted.der')), options)
      }),
    answer: (request, ...options) => inTurn(() => answer(request, options)),
  }
}

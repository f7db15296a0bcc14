/**
 * An account with at least one row in every table, as an installation of any earlier schema had it: plain SQL, which does not change with
 * the code. Whoever adds a migration adds its rows here.
 *
 * @module
 */

/** Its key stands in every identifier, so that many of them lie in one database. */
export interface EarlierAccount {
  readonly key: string
  readonly accountId: string
  /** The permissions of the operator's token in that schema. */
  readonly operatorScopes: readonly string[]
  readonly statements: readonly string[]
}

/** What the list has to show of each such account: its name's beginning, by status. */
export const LISTED = { expiringSoon: 1, issued: 2, revoked: 1, pendingApplication: 1, reviewFailed: 1 } as const

/** In minor units of CNY: topped up 900.00, paid 300.00 and 100.00, refunded 100.00. */
export const BALANCE_MINOR = 60_000

const FIRST_SCOPES = ['certificates:read', 'certificates:write', 'orders:read', 'orders:write', 'targets:read', 'targets:write']

/** Permissions that came later, by the migration that gave them to whoever had all. */
const GRANTED: Readonly<Record<string, readonly string[]>> = {
  '0003-keys-download': ['keys:download'],
  '0006-notices': ['notices:read', 'notices:write'],
  '0007-applicants': ['applications:review'],
  '0012-access': ['members:read', 'members:write', 'tokens:read', 'tokens:write'],
  '0015-proof': ['metrics:read'],
  '0023-audit': ['audit:read'],
  '0029-approvals': ['approvals:decide', 'rules:write'],
}

/**
 * @param applied the migrations of the schema that the rows are for
 * @param upload a certificate in PEM that this account uploaded
 */
export function earlierAccount(
  applied: readonly string[],
  upload: { readonly pem: string; readonly sha256: string },
): EarlierAccount {
  const last = applied.at(-1) ?? ''
  const key = `m${last.slice(0, 4)}`
  const operatorScopes = [...FIRST_SCOPES, 'installation:operate', ...applied.flatMap((name) => GRANTED[name] ?? [])]
  const place: Place = {
    key,
    account: `acc_${key}`,
    has: (migration) => applied.includes(migration),
    operatorScopes,
    upload,
  }
  const base = [...installationRows(place), ...moneyRows(place), ...certificateRows(place), ...outsideRows(place)]
  const later = applied.flatMap((name) => LATER[name]?.(place) ?? [])
  return { key, accountId: place.account, operatorScopes, statements: [...base, ...later] }
}

interface Place {
  readonly key: string
  readonly account: string
  readonly operatorScopes: readonly string[]
  readonly upload: { readonly pem: string; readonly sha256: string }
  readonly has: (migration: string) => boolean
}

const AT = `'2026-01-02T03:04:05.678Z'`

function installationRows({ key: k, account, has, operatorScopes }: Place): string[] {
  const token = (name: string, scopes: readonly string[]): string =>
    `insert into access_token (id, account_id, name, token_sha256, scopes, created_at)
      values ('tok_${name}_${k}', '${account}', '${name}', 'sha-${name}-${k}', '{${scopes.join(',')}}', ${AT})`
  return [
    `insert into account (id, name, created_at) values ('${account}', 'Account ${k}', ${AT})`,
    token('operator', operatorScopes),
    token('reader', ['certificates:read']),
    ...(has('0026-master-keys')
      ? [`insert into master_key (id, seals, since) select 'mk', true, ${AT} on conflict do nothing`]
      : []),
    ...['ca', 'dns', 'key', 'target', 'authority', 'document', 'channel', 'provider', 'receipt'].map(
      (name) => `insert into secret (id, account_id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
        values ('sec_${name}_${k}', ${['ca', 'authority'].includes(name) ? 'null' : `'${account}'`}, '${name}', 'mk', '\\x0102', '\\x0304ff', ${AT})`,
    ),
    `insert into issuer (id, title, kind, config_secret_id, validity_rule, created_at)
      values ('ca_${k}', 'CA ${k}', 'builtin', 'sec_ca_${k}', 'private', ${AT})`,
    ...(has('0018-issuers-brands-reuse')
      ? [`insert into brand (name, title_en, title_zh, created_at) values ('brand-${k}', 'Brand', '品牌', ${AT})`]
      : []),
    `insert into product (id, issuer_id, title_en, title_zh, domain_type, certificate_type, grade, brand, supports_renewal, created_at)
      values ('prd_${k}', 'ca_${k}', 'Product', '产品', 'multi', 'OV', 'standard', 'brand-${k}', true, ${AT})`,
    `insert into product_price (product_id, term_years, currency, base_minor, included_domains, extra_domain_minor)
      values ('prd_${k}', 1, 'CNY', 30000, 1, 500), ('prd_${k}', 3, 'CNY', 80000, 1, 500)`,
    `insert into renewal_policy (only_row, policy) values (true, '{"windowDays":30}') on conflict do nothing`,
    `insert into ca_authority (id, root_pem, intermediate_pem, keys_secret_id, created_at)
      values ('aut_${k}', 'root', 'intermediate', 'sec_authority_${k}', ${AT})`,
    `insert into ca_order (id, authority_id, reference, version, state, not_after, challenges, serial)
      values ('cao_${k}', 'aut_${k}', 'ref', 3, 'issued', ${AT}, '[{"name":"a.${k}.example.com"}]', 'serial-${k}')`,
    `insert into idempotency_key (account_id, key, operation, request_sha256, response, created_at)
      values ('${account}', 'once', 'orders.place', 'aa', '{"id":"ord_new_${k}"}', ${AT})`,
  ]
}

function moneyRows({ key: k, account }: Place): string[] {
  const order = (name: string, state: string, amount: number, renews: string | null = null): string =>
    `insert into "order" (id, account_id, kind, state, product_id, domain_type, certificate_type, grade, brand, domain_count, term_years,
        amount_minor, currency, same_specification, renews_certificate_id, placed_at, paid_at)
      values ('ord_${name}_${k}', '${account}', '${renews === null ? 'new' : 'renewal'}', '${state}', 'prd_${k}', 'multi', 'OV', 'standard',
        'brand-${k}', 2, 1, ${amount}, 'CNY', true, ${renews === null ? 'null' : `'${renews}'`}, ${AT}, ${state === 'placed' ? 'null' : AT})`
  const movement = (name: string, kind: string, amount: number, orderId: string | null = null): string => {
    const [from, to] =
      kind === 'topUp'
        ? ['cash', `customer:${account}`]
        : kind === 'payment'
          ? [`customer:${account}`, 'revenue']
          : ['revenue', `customer:${account}`]
    return `with booked as (
        insert into ledger_transaction (id, account_id, kind, reference, order_id, note, created_at)
        values ('ltx_${name}_${k}', '${account}', '${kind}', '${name}', ${orderId === null ? 'null' : `'${orderId}'`}, 'note', ${AT}))
      insert into ledger_entry (transaction_id, account_id, ledger_account, amount_minor, currency)
      values ('ltx_${name}_${k}', '${account}', '${from}', ${-amount}, 'CNY'), ('ltx_${name}_${k}', '${account}', '${to}', ${amount}, 'CNY')`
  }
  const payment = (name: string, state: string, amount: number): string =>
    `insert into payment (id, account_id, order_id, method, state, amount_minor, currency, created_at)
      values ('pay_${name}_${k}', '${account}', 'ord_${name}_${k}', 'balance', '${state}', ${amount}, 'CNY', ${AT})`
  return [
    order('new', 'paid', 30_000),
    order('renewal', 'paid', 0, `crt_old_${k}`),
    order('refunded', 'refunded', 10_000),
    order('unpaid', 'placed', 70_000),
    order('gone', 'cancelled', 70_000),
    order('review', 'paid', 0),
    movement('topUp', 'topUp', 90_000),
    movement('new', 'payment', 30_000, `ord_new_${k}`),
    movement('refunded', 'payment', 10_000, `ord_refunded_${k}`),
    movement('back', 'refund', 10_000, `ord_refunded_${k}`),
    payment('new', 'succeeded', 30_000),
    payment('refunded', 'refunded', 10_000),
    `insert into balance (account_id, currency, amount_minor) values ('${account}', 'CNY', ${BALANCE_MINOR})`,
  ]
}

/**
 * A certificate that expires and is renewed, its renewal in use, one uploaded, one revoked, one refunded, one nobody applied for, one that
 * was refused.
 */
function certificateRows({ key: k, account, upload }: Place): string[] {
  const certificate = (name: string, more: Readonly<Record<string, string>> = {}): string => {
    const columns = { lineage_id: `'crt_${name}_${k}'`, lineage_index: '0', origin: `'purchased'`, ...more }
    return `insert into certificate (id, account_id, name, created_at, ${Object.keys(columns).join(', ')})
      values ('crt_${name}_${k}', '${account}', '${name} ${k}', ${AT}, ${Object.values(columns).join(', ')})`
  }
  const bought = (order: string): Readonly<Record<string, string>> => ({
    order_id: `'ord_${order}_${k}'`,
    product_id: `'prd_${k}'`,
  })
  const application = (name: string, state: string, more: Readonly<Record<string, string>> = {}): string => {
    const columns = { private_key_id: `'key_${k}'`, spki_sha256: `'spki-${name}-${k}'`, ...more }
    return `insert into application (id, account_id, certificate_id, issuer_id, state, form, identifiers, method, reference, submitted_at,
        ${Object.keys(columns).join(', ')})
      values ('app_${name}_${k}', '${account}', 'crt_${name}_${k}', 'ca_${k}', '${state}', '{"validationMethod":"dnsAutomatic"}',
        '{${name}.${k}.example.com,*.${name}.${k}.example.com}', 'dns', 'ref-${name}-${k}', ${AT}, ${Object.values(columns).join(', ')})`
  }
  const issuance = (name: string, days: number, pem = 'PEM', sha256 = `${name}-${k}`): string =>
    `insert into issuance (id, account_id, certificate_id, application_id, private_key_id, sha256, serial, issuer, names, common_name, spki_sha256,
        not_before, not_after, window_opens_at, chain_pem, created_at)
      values ('iss_${name}_${k}', '${account}', 'crt_${name}_${k}', ${name === 'uploaded' ? 'null' : `'app_${name}_${k}'`},
        ${name === 'uploaded' ? 'null' : `'key_${k}'`}, '${sha256}', 'serial-${name}-${k}', 'CA ${k}', '{${name}.${k}.example.com}', null, 'spki-${name}-${k}',
        ${AT}, now() + interval '${days} days', now() + interval '${days - 30} days', '${pem}', ${AT});
      update certificate set issuance_id = 'iss_${name}_${k}', application_id = ${name === 'uploaded' ? 'null' : `'app_${name}_${k}'`} where id = 'crt_${name}_${k}'`
  return [
    `insert into private_key (id, account_id, algorithm, spki_sha256, secret_id, created_at)
      values ('key_${k}', '${account}', 'p256', 'spki-${k}', 'sec_key_${k}', ${AT})`,
    certificate('old', bought('new')),
    certificate('new', {
      ...bought('renewal'),
      lineage_id: `'crt_old_${k}'`,
      lineage_index: '1',
      renews_certificate_id: `'crt_old_${k}'`,
      managed: 'true',
    }),
    certificate('refunded', { ...bought('refunded'), closed_as: `'refunded'` }),
    certificate('review', bought('review')),
    certificate('uploaded', { origin: `'uploaded'` }),
    certificate('revoked', { origin: `'uploaded'`, revocation_requested_at: AT, revoked_at: AT }),
    certificate('empty', { origin: `'uploaded'` }),
    application('old', 'issued', { ca_order_ref: `'cao-old-${k}'` }),
    application('new', 'issued', { ca_order_ref: `'cao-new-${k}'`, proof_published_at: AT }),
    application('review', 'reviewFailed', { failed_code: `'caRejected'`, proof_published_at: AT }),
    `update certificate set application_id = 'app_review_${k}' where id = 'crt_review_${k}'`,
    `insert into validation (application_id, account_id, ref, identifier, wildcard, method, location, content, state, validated_at)
      values ('app_new_${k}', '${account}', '1', 'New.${k}.Example.com', false, 'dns', '_acme-challenge', 'content', 'valid', ${AT}),
        ('app_review_${k}', '${account}', '1', 'review.${k}.example.com', false, 'dns', '_acme-challenge', 'content', 'invalid', null)`,
    ...issuance('old', 10).split(';\n'),
    ...issuance('new', 80).split(';\n'),
    ...issuance('uploaded', 300, upload.pem, upload.sha256).split(';\n'),
    `insert into renewal (id, account_id, old_certificate_id, new_certificate_id, order_id, state, created_at)
      values ('ren_${k}', '${account}', 'crt_old_${k}', 'crt_new_${k}', 'ord_renewal_${k}', 'open', ${AT})`,
    `insert into entitlement (certificate_id, account_id, term_years, starts_at, entitled_until, topped_up_days)
      values ('crt_new_${k}', '${account}', 1, ${AT}, '2027-02-02T00:00:00Z', 31)`,
  ]
}

function outsideRows({ key: k, account }: Place): string[] {
  return [
    `insert into dns_connection (id, account_id, name, kind, config_secret_id, created_at)
      values ('dns_${k}', '${account}', 'dns', 'rfc2136', 'sec_dns_${k}', ${AT})`,
    `insert into target (id, account_id, certificate_id, name, kind, config_secret_id, created_at)
      values ('tgt_${k}', '${account}', 'crt_new_${k}', 'web', 'localFiles', 'sec_target_${k}', ${AT})`,
    `insert into deployment (id, account_id, target_id, issuance_id, certificate_id, state, log, created_at, updated_at)
      values ('dep_old_${k}', '${account}', 'tgt_${k}', 'iss_old_${k}', 'crt_old_${k}', 'superseded', '["installed"]', ${AT}, ${AT}),
        ('dep_new_${k}', '${account}', 'tgt_${k}', 'iss_new_${k}', 'crt_new_${k}', 'applied', '["installed"]', ${AT}, ${AT})`,
    `insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at)
      values ('end_${k}', '${account}', 'crt_new_${k}', 'www.${k}.example.com', 443, 'www.${k}.example.com', ${AT}),
        ('end_uploaded_${k}', '${account}', 'crt_uploaded_${k}', 'two.${k}.example.com', 443, 'two.${k}.example.com', ${AT})`,
    `insert into observation (endpoint_id, account_id, address, certificate_id, verdict, sha256, chain_sha256, cause, remedy, observed_at)
      values ('end_${k}', '${account}', '192.0.2.1', 'crt_new_${k}', 'served', 'new-${k}', '{a,b}', '{"en":"c"}', '{"en":"r"}', ${AT})`,
    `insert into history (account_id, certificate_id, subject, subject_id, from_state, to_state, actor, detail, at)
      values ('${account}', 'crt_new_${k}', 'application', 'app_new_${k}', 'pendingValidation', 'issued', 'evercert', 'detail', ${AT})`,
  ]
}

/** Rows of what a migration brought, in any schema from it on. */
const LATER: Readonly<Record<string, (place: Place) => readonly string[]>> = {
  '0004-lifecycle': ({ key: k, account }) => [
    `insert into revocation (id, account_id, certificate_id, state, reason, requested_at, requested_by)
      values ('rev_${k}', '${account}', 'crt_revoked_${k}', 'revoked', 'keyCompromise', ${AT}, 'tok_operator_${k}')`,
  ],
  '0006-notices': ({ key: k, account }) => [
    `insert into notice_settings (account_id, leads_days, time_zone, language, recipients, updated_at)
      values ('${account}', '{30,7}', 'Asia/Shanghai', 'zh', '["ops@example.com"]', ${AT})`,
    `insert into notice_channel (id, account_id, name, kind, role, config_secret_id, created_at)
      values ('chn_${k}', '${account}', 'mail', 'mail', 'always', 'sec_channel_${k}', ${AT})`,
    `insert into notice (id, account_id, certificate_id, kind, occasion, facts, created_at)
      values ('ntc_${k}', '${account}', 'crt_old_${k}', 'expiry', '30', '{"days":30}', ${AT})`,
    `insert into notice_delivery (id, account_id, notice_id, channel_id, state, attempt_at, created_at)
      values ('ndl_${k}', '${account}', 'ntc_${k}', 'chn_${k}', 'sent', ${AT}, ${AT})`,
  ],
  '0007-applicants': ({ key: k, account }) => [
    `insert into contact (id, account_id, name, email, phone, created_at, updated_at)
      values ('con_${k}', '${account}', '张三', 'z@example.com', '+86', ${AT}, ${AT})`,
    `insert into company (id, account_id, details, created_at, updated_at) values ('com_${k}', '${account}', '{"name":"公司"}', ${AT}, ${AT})`,
    `insert into company_document (id, account_id, company_id, kind, content_type, bytes, width, height, secret_id, created_at)
      values ('doc_${k}', '${account}', 'com_${k}', 'businessLicence', 'image/png', 9, 3, 3, 'sec_document_${k}', ${AT})`,
    `insert into csr (id, account_id, name, origin, names, algorithm, spki_sha256, der, private_key_id, created_at)
      values ('csr_${k}', '${account}', 'csr', 'system', '{a.example.com}', 'p256', 'spki-${k}', '\\x3000', 'key_${k}', ${AT})`,
    `insert into review (id, account_id, certificate_id, application_id, state, certificate_type, created_at, decided_by, decided_at, reason)
      values ('rvw_${k}', '${account}', 'crt_review_${k}', 'app_review_${k}', 'refused', 'OV', ${AT}, 'tok_operator_${k}', ${AT}, 'no')`,
    `update application set submitted_by = 'tok_reader_${k}', csr_id = 'csr_${k}' where id = 'app_review_${k}'`,
  ],
  '0008-management': ({ key: k, account }) => [
    `insert into management (certificate_id, account_id, limit_minor, currency, jitter, created_at)
      values ('crt_new_${k}', '${account}', 50000, 'CNY', 0.25, ${AT})`,
  ],
  '0009-certificate-list': ({ key: k, account }) => [
    `insert into certificate_tag (account_id, certificate_id, tag, created_at) values ('${account}', 'crt_new_${k}', 'production', ${AT})`,
  ],
  '0010-payments': ({ key: k, account }) => [
    `insert into payment_connection (id, title, kind, config_secret_id, created_at)
      values ('pcn_${k}', 'Stripe', 'stripe', 'sec_provider_${k}', ${AT})`,
    `insert into payment (id, account_id, order_id, method, state, amount_minor, currency, connection_id, received_minor, created_at)
      values ('pay_open_${k}', '${account}', 'ord_unpaid_${k}', 'provider', 'created', 70000, 'CNY', 'pcn_${k}', 100, ${AT})`,
    `insert into payment_receipt (payment_id, reference, account_id, amount_minor, currency, recorded_by, received_at)
      values ('pay_open_${k}', 'wire', '${account}', 100, 'CNY', 'operator', ${AT})`,
  ],
  '0012-access': ({ key: k, account }) => [
    `insert into "user" (id, email, name, language, created_at, updated_at) values ('usr_${k}', '${k}@example.com', 'User', 'zh', ${AT}, ${AT})`,
    `insert into credential (id, user_id, provider_id, provider_user_id, password, created_at, updated_at)
      values ('crd_${k}', 'usr_${k}', 'credential', 'usr_${k}', 'scrypt', ${AT}, ${AT})`,
    `insert into session (id, user_id, token, account_id, expires_at, created_at, updated_at)
      values ('ses_${k}', 'usr_${k}', 'token-${k}', '${account}', ${AT}, ${AT}, ${AT})`,
    `insert into sign_in_challenge (id, identifier, value, expires_at, created_at, updated_at)
      values ('sic_${k}', 'id-${k}', 'value', ${AT}, ${AT}, ${AT})`,
    `insert into second_factor (id, user_id, secret, backup_codes) values ('scf_${k}', 'usr_${k}', 'sealed', 'sealed')`,
    `insert into sign_in_secret (secret_id) values ('sec_ca_${k}') on conflict do nothing`,
    `insert into sign_in_failure (subject_sha256, failures, last_at) values ('subject-${k}', 2, ${AT})`,
    `insert into first_operator_link (token_sha256, created_at, expires_at) values ('first-${k}', ${AT}, ${AT})`,
    `insert into first_operator (user_id, created_at) values ('usr_${k}', ${AT}) on conflict do nothing`,
    `insert into member (account_id, user_id, role, created_at) values ('${account}', 'usr_${k}', 'owner', ${AT})`,
    `insert into invitation (id, account_id, email, role, token_sha256, invited_by, created_at, expires_at)
      values ('inv_${k}', '${account}', 'guest-${k}@example.com', 'viewer', 'invitation-${k}', 'usr_${k}', ${AT}, ${AT})`,
  ],
  '0013-recovery': ({ key: k }) => [
    `insert into recovery_link (token_sha256, user_id, created_at, expires_at) values ('recovery-${k}', 'usr_${k}', ${AT}, ${AT})`,
  ],
  '0015-proof': ({ key: k, account }) => [
    `insert into receipt_key (id, public_jwk, secret_id, created_at, retired_at) values ('rck_${k}', '{"kty":"OKP"}', 'sec_receipt_${k}', ${AT}, ${AT})`,
    `insert into receipt (id, account_id, certificate_id, issuance_id, key_id, jws, proved_at)
      values ('rct_${k}', '${account}', 'crt_new_${k}', 'iss_new_${k}', 'rck_${k}', 'a.b.c', ${AT})`,
    `insert into endpoint_candidate (id, account_id, host, port, server_name, protocol, addresses, certificate_id, matched_by, observed_at)
      values ('can_${k}', '${account}', 'mail.${k}.example.com', 25, 'mail', 'smtp', '[]', 'crt_new_${k}', 'names', ${AT})`,
  ],
  '0017-currencies-promotions': ({ key: k }) => [
    `insert into promotion (id, title_en, title_zh, code, percent, starts_at, created_at)
      values ('prm_${k}', 'Promotion', '促销', '${k.toUpperCase()}-CODE', 10, ${AT}, ${AT})`,
  ],
  '0022-name-claims': ({ key: k, account }) => [
    `insert into name_claim (name, account_id, how, proved_at) values ('assigned.${k}.example.com', '${account}', 'assigned', ${AT})`,
  ],
  '0023-audit': ({ key: k, account }) => [
    `insert into audit_entry (account_id, at, actor, actor_kind, action, outcome, details)
      values ('${account}', ${AT}, 'operator', 'token', 'orders.place', 'done', '{"b":1,"a":2}')`,
    `insert into audit_intent (id, at, entry) values ('int_${k}', ${AT}, '{}')`,
    `insert into audit_batch (position, previous, at, rows, salts, hashes, history_max, entry_max, jws)
      select p, p - 1, ${AT}, '{1,-1}', '\\x01', '\\x02', 1, 1, 'a.b.c' from (select count(*) + 1 as p from audit_batch) next`,
  ],
  '0024-agents': ({ key: k, account }) => [
    `insert into agent (id, account_id, name, state, public_key_pem, credential_sha256, host_name, agent_version, enrolled_at)
      values ('agt_${k}', '${account}', 'host', 'active', 'PEM', 'credential-${k}', 'host', '0.1.0', ${AT})`,
    `insert into agent_enrolment (id, account_id, name, token_sha256, created_at, expires_at, agent_id)
      values ('enr_${k}', '${account}', 'host', 'enrolment-${k}', ${AT}, ${AT}, 'agt_${k}')`,
    `insert into agent_work (id, account_id, agent_id, deployment_id, certificate_id, kind, site, sha256, round, state, created_at, expires_at)
      values ('awk_${k}', '${account}', 'agt_${k}', 'dep_new_${k}', 'crt_new_${k}', 'install', 'web', '${'a'.repeat(64)}', 1, 'reported', ${AT}, ${AT})`,
  ],
  '0026-master-keys': ({ key: k }) => [
    `insert into removed_master_key (id, removed_at) values ('gone-${k}', ${AT})`,
    `insert into master_key_holder (node, key_ids, sealing_id, seen_at) values ('node-${k}', '{mk}', 'mk', ${AT})`,
  ],
  '0028-ways-to-sign-in': ({ key: k, account }) => [
    `insert into passkey (id, user_id, name, credential_id, public_key, counter, device_type, backed_up, created_at)
      values ('pky_${k}', 'usr_${k}', 'Laptop', 'credential-${k}', 'key', 4294967295, 'singleDevice', false, ${AT})`,
    `insert into sign_in_provider (id, title, issuer, client_id, client_secret_id, allowed_domains, new_users, created_at)
      select 'sip_${k}', 'Provider', 'https://login.example.com', 'client', min(id), '{example.com}', false, ${AT} from secret`,
    `insert into device_code (id, device_code, user_code, expires_at, status, client_id, account_id, granted_scopes, token_days)
      values ('dvc_${k}', 'device-${k}', 'user-${k}', ${AT}, 'pending', 'evercert', '${account}', '{certificates:read}', 7)`,
    `insert into request_window (subject_sha256, requests, began_at) values ('subject-${k}', 3, ${AT})`,
  ],
  '0029-approvals': ({ key: k, account }) => [
    `insert into account_rules (account_id, rules, updated_at) values ('${account}', '{"keyDownload":true}', ${AT})`,
    `insert into approval (id, account_id, kind, state, operation, input, input_sha256, facts, subject, requested_by, requested_by_name,
        requested_at, expires_at)
      values ('apv_${k}', '${account}', 'keyDownload', 'waiting', 'certificates.downloadKey', '{}', 'aa', '{}', 'crt_new_${k}', 'usr_${k}', 'User', ${AT}, ${AT})`,
  ],
  '0036-provider-second-factor': ({ key: k }) => [
    `insert into sign_in_provider (id, title, issuer, client_id, client_secret_id, allowed_domains, new_users, second_factor, required_acr, created_at)
      select 'acr_${k}', 'Provider', 'https://login.example.com', 'client', min(id), '{example.com}', false, 'trusted', '{phr}', ${AT} from secret`,
  ],
  '0037-personal-notices': ({ key: k, account }) => [
    `insert into notice (id, account_id, certificate_id, kind, occasion, facts, created_at, for_user_id)
      values ('ntc_mine_${k}', '${account}', 'crt_new_${k}', 'approvalDecided', 'apv_${k}:done', '{"certificateName":"new","names":[]}', ${AT}, 'usr_${k}')`,
  ],
  '0047-suggested-windows': ({ account }) => [
    `update management set suggested_for = (select issuance_id from certificate where id = certificate_id), suggested_from = ${AT},
        suggested_until = ${AT}::timestamptz + interval '1 day', suggested_at = ${AT}, suggestion_page = 'https://ca.example/why', ask_ca_at = ${AT}
      where account_id = '${account}' and (select issuance_id from certificate where id = certificate_id) is not null`,
  ],
  '0046-token-away': ({ key: k }) => [
    `insert into master_key_holder (node, key_ids, sealing_id, seen_at, away_since) values ('away-${k}', '{mk}', 'mk', ${AT}, ${AT})`,
  ],
  '0030-fresh-and-narrow': ({ key: k, account }) => [
    `insert into access_token (id, account_id, name, token_sha256, scopes, created_at, tags)
      values ('tok_narrow_${k}', '${account}', 'narrow', 'sha-narrow-${k}', '{certificates:read}', ${AT}, '{production}')`,
  ],
  '0044-revocation-checks': ({ key: k, account }) => [
    `insert into revocation_check (account_id, sha256, serial, leaf_der, issuer_der, method, urls, url, state, source, checked_at, revoked_at, reason,
        not_after, told_at, next_at)
      values ('${account}', 'sha-revoked-${k}', '01', '\\x30', '\\x30', 'crl', '{http://ca.example/a.crl}', 'http://ca.example/a.crl', 'revoked', 'crl', ${AT},
        ${AT}, 'keyCompromise', ${AT}, ${AT}, ${AT})`,
  ],
  '0054-deployments-under-way': ({ key: k, account }) => [
    `update deployment set begun_at = ${AT} where account_id = '${account}' and id = 'dep_new_${k}'`,
    `update agent_work set live_log = '["${k} said"]' where account_id = '${account}'`,
  ],
  '0051-revoked-intermediates': ({ account }) => [
    `update revocation_check set is_issuer = true where account_id = '${account}' and sha256 like 'sha-revoked-%'`,
  ],
  '0064-key-kinds-of-endpoints': ({ key: k, account }) => [
    `update endpoint set key_kind = 'ecdsa' where account_id = '${account}' and id = 'end_uploaded_${k}'`,
    `insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at, key_kind)
      values ('end_beside_${k}', '${account}', 'crt_new_${k}', 'two.${k}.example.com', 443, 'two.${k}.example.com', ${AT}, 'rsa')`,
  ],
  '0063-deployed-again': ({ key: k, account }) => [
    `update deployment set reload_asked = true, changed = false where account_id = '${account}' and id = 'dep_new_${k}'`,
  ],
  '0065-what-targets-held': ({ key: k, account }) => [
    `update deployment set held_sha256 = repeat('ab', 32), held_at = ${AT} where account_id = '${account}' and id = 'dep_new_${k}'`,
    `update agent_work set again = true where account_id = '${account}'`,
  ],
  '0061-keys-used-again': ({ account }) => [`update application set reuses_key = true where account_id = '${account}'`],
  '0059-told-of-issuers': ({ key: k, account }) => [
    `insert into told_of_issuer (account_id, certificate_id, occasion, told_at) values ('${account}', 'crt_new_${k}', 'sha-revoked-${k}:revoked', ${AT})`,
  ],
  '0062-target-places': ({ key: k, account }) => [
    `update target set places = '{sha-place-${k}}' where account_id = '${account}'`,
  ],
  '0060-reload-leases': ({ key: k }) => [
    `insert into reload_lease (server, node, until, handed) values ('sha-server-${k}', 'node', ${AT}, '{job}')`,
  ],
  '0055-intermediates-of-issuances': ({ account, key: k }) => [
    `update issuance set intermediates_sha256 = '{sha-revoked-${k}}' where account_id = '${account}'`,
  ],
}

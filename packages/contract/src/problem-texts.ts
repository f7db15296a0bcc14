/**
 * For each problem code, the cause and the remedy in English and Chinese.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'
import { ACCESS_PROBLEM_TEXTS } from './access-problem-texts.ts'
import { APPROVAL_PROBLEM_TEXTS } from './approval-problem-texts.ts'
import { DEPLOYMENT_PROBLEM_TEXTS } from './deployment-problem-texts.ts'
import { KEY_PROBLEM_TEXTS } from './key-problem-texts.ts'
import { NAME_PROBLEM_TEXTS } from './name-problem-texts.ts'
import { PURCHASE_PROBLEM_TEXTS } from './purchase-problem-texts.ts'
import { SENDING_PROBLEM_TEXTS } from './sending-problem-texts.ts'
import { UPLOAD_PROBLEM_TEXTS } from './upload-problem-texts.ts'

export const PROBLEM_TEXTS: Readonly<Record<ProblemCode, ProblemText>> = {
  ...ACCESS_PROBLEM_TEXTS,
  ...APPROVAL_PROBLEM_TEXTS,
  ...DEPLOYMENT_PROBLEM_TEXTS,
  ...KEY_PROBLEM_TEXTS,
  ...NAME_PROBLEM_TEXTS,
  ...UPLOAD_PROBLEM_TEXTS,
  ...SENDING_PROBLEM_TEXTS,
  invalid: text(
    'A field of the request is missing or has the wrong form.',
    '请求中有字段缺失或格式不正确。',
    'Correct the field that the detail names and send the request again.',
    '按详情中指出的字段修改后重新提交。',
  ),
  paymentRequired: text(
    'The balance does not cover the price.',
    '账号余额不足以支付该订单。',
    'Top up the balance, then pay the same order again.',
    '请先充值，然后重新支付同一订单。',
  ),
  notFound: text(
    'There is no such resource in this account.',
    '该账号下不存在此资源。',
    'Check the identifier; list the resources to find the right one.',
    '请核对标识符，或先列出资源再选择。',
  ),
  conflict: text(
    'The resource changed since it was read, or its state does not allow this.',
    '资源已发生变化，或当前状态不允许此操作。',
    'Read it again and decide on its current state.',
    '请重新读取资源，并根据当前状态决定下一步。',
  ),
  idempotencyKeyReused: text(
    'The same Idempotency-Key came with a different request.',
    '同一 Idempotency-Key 被用于内容不同的请求。',
    'Use a new key for a new request; repeat a request unchanged.',
    '新的请求请使用新的键；重试时请保持请求内容不变。',
  ),
  renewalNotYetOpen: text(
    'Renewal opens only shortly before a certificate expires.',
    '续费仅在证书临近到期时开放。',
    'Come back when the window opens.',
    '请在续费窗口开放后再操作。',
  ),
  renewalBrandUnsupported: text(
    'The brand of the certificate does not support renewal.',
    '该证书品牌不支持续费。',
    'Buy a new certificate, of this brand or of one that supports renewal.',
    '请新购证书，或选择支持续费的品牌。',
  ),
  certificateExpired: text(
    'The certificate has expired.',
    '证书已过期。',
    'Buy a new certificate; an expired one cannot be renewed.',
    '请新购证书，已过期的证书不能续费。',
  ),
  certificateRevoked: text(
    'The certificate is revoked, or its revocation is in progress.',
    '证书已被吊销或正在吊销中。',
    'Buy a new certificate.',
    '请新购证书。',
  ),
  certificateNotIssued: text(
    'The certificate has not been issued.',
    '证书尚未签发。',
    'Finish its application first.',
    '请先完成该证书的申请。',
  ),
  alreadyRenewed: text(
    'The certificate is renewed, or its renewal is under way.',
    '该证书已续费，或续费正在进行。',
    'Continue that renewal, or cancel its order while it is not issued.',
    '请继续该续费；尚未签发时也可取消对应订单。',
  ),
  notManageable: text(
    'Something in how the certificate was bought or applied for needs a person at every renewal.',
    '该证书的购买或申请方式决定了每次续费都需要人工处理。',
    'Change what is named, then let it renew by itself; or renew it by hand.',
    '请调整提示中的项目后再开启托管，或手动续费。',
  ),
  spendingLimit: text(
    'The renewal costs more than the owner of the certificate allows it to spend by itself.',
    '本次续费的价格超出证书所有者设置的托管消费上限。',
    'Raise the limit, or renew the certificate by hand.',
    '请提高消费上限，或手动续费。',
  ),
  entitlementContinues: text(
    'The period that was paid for goes on beyond this certificate.',
    '已购买的服务期在该证书到期后仍然有效。',
    'Reissue the certificate at no charge instead of buying a renewal.',
    '请免费重新签发证书，无需续费购买。',
  ),
  badCertificate: text(
    'The certificate text is not a readable PEM certificate chain.',
    '证书内容不是可读取的 PEM 证书链。',
    'Paste the leaf first and then the intermediates, each from BEGIN to END.',
    '请先粘贴服务器证书，再粘贴中间证书，且每段包含完整的 BEGIN 与 END 行。',
  ),
  badKey: text(
    'The private key cannot be read or is too weak.',
    '私钥无法读取或强度不足。',
    'Provide an unencrypted PEM key: RSA of 2048 bits or more, P-256 or P-384.',
    '请提供未加密的 PEM 私钥：RSA 2048 位及以上、P-256 或 P-384。',
  ),
  keyMismatch: text(
    'The private key does not belong to the certificate.',
    '私钥与证书不匹配。',
    'Provide the key that the certificate was requested with.',
    '请提供申请该证书时使用的私钥。',
  ),
  badCsr: text(
    'The CSR cannot be used: unreadable, weak, badly signed, or for other names.',
    'CSR 不可用：无法读取、强度不足、签名错误或域名不符。',
    'Create a new CSR as the detail says, or let the service make one.',
    '请按详情重新生成 CSR，或由系统生成。',
  ),
  badDomain: text(
    'A domain name is malformed, not allowed, or does not fit what was bought.',
    '域名格式错误、不被允许，或与所购规格不符。',
    'Correct the names that are listed.',
    '请修改所列的域名。',
  ),
  duplicateName: text(
    'The name or id is taken: there is one already.',
    '已存在相同的名称或标识。',
    'Choose another one.',
    '请换一个。',
  ),
  badImage: text(
    'The document is not a PNG or JPEG image, is damaged, or hides something.',
    '文件不是 PNG 或 JPEG 图片、已损坏，或夹带了其他内容。',
    'Scan or save the document again as a plain PNG or JPEG of at most 500 KB.',
    '请将文件重新扫描或另存为不超过 500 KB 的普通 PNG 或 JPEG 图片。',
  ),
  applicantIncomplete: text(
    'OV and EV applications name a contact and a company with its documents; EV also a superior and a bank permit.',
    'OV、EV 申请需填写联系人、公司及其证件；EV 还需填写上级负责人并上传银行开户许可证。',
    'Add what is missing, then submit again.',
    '请补充所缺内容后重新提交。',
  ),
  inUse: text(
    'It cannot be removed while something in progress uses it.',
    '正在被使用，无法删除。',
    'Wait until what the detail names is finished, or withdraw it.',
    '请等待详情中所指的流程完成，或先撤回。',
  ),
  reviewerIsApplicant: text(
    'Applicant and approver differ: you submitted the application.',
    '申请人与审核人不能相同：该申请由您提交。',
    'Have another person decide, as themselves.',
    '请由另一人以本人身份审核。',
  ),
  reviewIncomplete: text(
    'An approval needs every check of its certificate type.',
    '审核通过前须完成该证书类型的全部核查项。',
    'Make the checks that the detail lists, or refuse the application with a reason.',
    '请完成详情中列出的核查项，或说明原因后拒绝申请。',
  ),
  reviewRefused: text(
    'A reviewer refused the application; the reason is in the detail.',
    '审核人拒绝了该申请，原因见详情。',
    'Correct what the reason names, then submit the application again.',
    '请按原因修改后重新提交申请。',
  ),
  reviewUnsupported: text(
    'The CA of this issuer validates domains only: it cannot issue OV or EV certificates.',
    '该 CA 仅支持域名验证，不能签发 OV 或 EV 证书。',
    'Sell DV through this issuer, or choose an issuer that reviews organisations.',
    '请通过该 CA 销售 DV 证书，或选择支持组织审核的 CA。',
  ),
  notPurchased: text(
    'The certificate was uploaded: nothing was paid for it here, and its CA does not know this service.',
    '该证书为上传证书：未在此付费购买，签发它的 CA 也不受本系统管理。',
    'Delete it here if it is no longer needed; revoke it where it was bought.',
    '如不再需要，可在此删除；吊销请到购买处办理。',
  ),
  alreadyIssued: text(
    'The certificate was issued, and what is issued cannot be cancelled.',
    '证书已签发，无法取消。',
    'Revoke it; within 7 days of the payment the money is then given back on request.',
    '请吊销证书；付款后 7 天内吊销的，可申请退款。',
  ),
  alreadyEnded: text(
    'The certificate was cancelled, refunded or deleted before.',
    '证书此前已取消、已退款或已删除。',
    'Nothing is left to do; its history says who ended it and when.',
    '无需操作；操作人与时间见历史记录。',
  ),
  issuanceUnderWay: text(
    'The CA was asked to sign, and may have done so already.',
    'CA 正在签发，可能已经签发完成。',
    'Wait until it is issued, normally seconds, then decide on the issued certificate.',
    '请等待签发完成（通常数秒），再对已签发的证书进行操作。',
  ),
  refundPeriodOver: text(
    'Money is given back within 7 days of the payment, and for an issued certificate only when it was revoked within them.',
    '退款仅限付款后 7 天内；已签发的证书须在 7 天内吊销。',
    'An unissued certificate can be cancelled without its money coming back.',
    '未签发的证书仍可取消，但不退款。',
  ),
  refundNeedsRevocation: text(
    'The certificate is issued and valid, so it could go on being used.',
    '证书已签发且有效，仍可继续使用。',
    'Revoke it within 7 days of the payment, then ask for the refund.',
    '请在付款后 7 天内吊销证书，然后申请退款。',
  ),
  refundAvailable: text(
    'The certificate was revoked within 7 days of its payment, so its money can be given back; deleted, it would be lost.',
    '证书在付款后 7 天内吊销，款项可以退回；删除后将无法退款。',
    'Ask for the refund, which also takes it off the list; or delete it without a refund.',
    '请申请退款，证书会随之离开列表；也可以选择不退款并删除。',
  ),
  managedCertificate: text(
    'The certificate is managed: it renews by itself.',
    '证书已托管，会自动续费。',
    'Stop managing it, then try again.',
    '请先取消托管，再重试。',
  ),
  notRevocable: text(
    'The certificate is not valid now: not issued yet, expired, or ended.',
    '证书当前无效：尚未签发、已过期或已结束。',
    'An unissued certificate is cancelled; an expired one needs no revocation.',
    '未签发的证书可以取消；已过期的证书无需吊销。',
  ),
  notDeletable: text(
    'The certificate was bought here and is neither expired nor revoked.',
    '证书在此购买，且尚未过期或吊销。',
    'Cancel it when it is not issued, revoke it when it is; then delete it.',
    '未签发的请取消，已签发的请先吊销，然后再删除。',
  ),
  certificateInUse: text(
    'Targets, sites, a renewal or an application still need the certificate.',
    '仍有部署目标、站点、续费或证书申请在使用该证书。',
    'Remove what still uses it, or let the renewal end, then delete it.',
    '请先移除仍在使用它的项目，或等待续费完成后再删除。',
  ),
  keyNotStored: text(
    'The certificate was issued for a CSR of your own, so its private key was never here.',
    '该证书使用您自己的 CSR 签发，系统中没有其私钥。',
    'Download the certificate without its key, and use the key that the CSR was made with.',
    '请下载不含私钥的证书，并使用生成该 CSR 时的私钥。',
  ),
  keyNotDownloadable: text(
    'The certificate was uploaded; its private key is installed from here and never given out again.',
    '该证书为上传证书，其私钥仅用于部署，不提供下载。',
    'Use the key file that was uploaded; the certificate can be downloaded without its key.',
    '请使用上传时的私钥文件；证书本身可下载（不含私钥）。',
  ),
  rootUnknown: text(
    'The chain ends below its root, and the issuer says no root.',
    '证书链不包含根证书，签发该证书的 CA 也未提供根证书。',
    'Take the root from the CA that issued the certificate.',
    '请从签发该证书的 CA 获取根证书。',
  ),
  ...PURCHASE_PROBLEM_TEXTS,
  caRejected: text(
    'The CA refused the order.',
    'CA 拒绝了该订单。',
    'Correct what the CA names in the detail, then submit the application again.',
    '请根据详情中 CA 给出的原因修改后重新提交申请。',
  ),
  caAccountInvalid: text(
    'The CA does not know the account, or deactivated it.',
    'CA 不认识该账户，或账户已停用。',
    'Ask the operator to connect the issuer again.',
    '请联系管理员重新配置该 CA。',
  ),
  caActionRequired: text(
    'The CA wants a person to do something, for instance to accept new terms.',
    'CA 要求人工操作，例如接受新的服务条款。',
    'Follow the link in the detail, then submit again.',
    '请按详情中的链接操作，然后重新提交。',
  ),
  caRateLimited: text(
    'The CA limits how much may be asked of it.',
    'CA 限制了请求频率。',
    'Nothing to do: the service waits as long as the CA says and goes on by itself.',
    '无需操作：系统会按 CA 要求等待后自动继续。',
  ),
  caaForbids: text(
    'A CAA record of the domain forbids this CA.',
    '域名的 CAA 记录禁止该 CA 签发。',
    'Allow the CA in the CAA record, or choose another brand; then submit again.',
    '请在 CAA 记录中允许该 CA，或更换品牌后重新提交。',
  ),
  validationFailed: text(
    'The CA could not see the proof of control of a domain.',
    'CA 未能验证域名控制权。',
    'Check that the file or DNS record of the detail is visible from the Internet. It is checked again by itself; what the CA refused is to be submitted again.',
    '请确认详情中的文件或 DNS 记录可从公网访问。系统会自动重新检查；若申请已被 CA 退回，请重新提交。',
  ),
  misconfigured: text(
    'A setting of the service is missing or wrong.',
    '服务配置缺失或错误。',
    'Ask the operator to correct the setting that the detail names.',
    '请管理员修正详情中所指的配置。',
  ),
  credentialsRejected: text(
    'The other side refused the stored credentials.',
    '对方拒绝了已保存的凭据。',
    'Enter valid credentials for this connection.',
    '请为该连接填写有效的凭据。',
  ),
  addressForbidden: text(
    'The address is private or reserved, and outgoing requests to it are not allowed.',
    '该地址为内网或保留地址，不允许向其发起请求。',
    'If the address is meant, the operator allows its range with EVERCERT_ALLOW_ADDRESSES.',
    '如确需访问，请管理员通过 EVERCERT_ALLOW_ADDRESSES 放行该网段。',
  ),
  rangeForbidden: text(
    'The range of addresses is not among those where looking for endpoints is allowed.',
    '该网段不在允许发现站点的范围内。',
    'Look by names, or ask the operator to allow the range with EVERCERT_DISCOVERY_RANGES.',
    '请改为按域名查找，或请管理员通过 EVERCERT_DISCOVERY_RANGES 放行该网段。',
  ),
  rateLimited: text(
    'Too many requests came in a short time.',
    '短时间内请求过多。',
    'Wait as long as Retry-After says.',
    '请按 Retry-After 指示的时间等待。',
  ),
  timedOut: text(
    'The other side did not answer in time.',
    '对方未在规定时间内响应。',
    'The service tries again by itself; check the network if it goes on.',
    '系统会自动重试；如持续发生请检查网络。',
  ),
  interrupted: text(
    'Whoever ran the command broke it off; what it had begun goes on in the service.',
    '命令被用户中断；已开始的操作会在服务中继续。',
    'Run the same command again.',
    '请再次运行相同的命令。',
  ),
  upstreamUnavailable: text(
    'A provider did not answer, or answered with an error of its own.',
    '上游服务无响应或返回了错误。',
    'The service tries again by itself; see the detail for who did not answer.',
    '系统会自动重试；未响应的一方见详情。',
  ),
  storageUnavailable: text(
    'The database does not answer.',
    '数据库无响应。',
    'Ask the operator to check the database; nothing was lost.',
    '请管理员检查数据库，数据没有丢失。',
  ),
  storageFull: text(
    'The disk of the database is full: what was asked was not stored.',
    '数据库所在磁盘已满，请求的内容没有保存。',
    'Ask the operator to make room on it, and try again; nothing was lost.',
    '请管理员清理磁盘空间后重试，数据没有丢失。',
  ),
  databaseNewer: text(
    'A newer version of Evercert has changed the database.',
    '数据库已由更新版本的 Evercert 升级。',
    'Start that version or a later one, or restore a backup of before; nothing was changed.',
    '请启动该版本或更新的版本，或恢复升级之前的备份；数据没有变动。',
  ),
  folderInUse: text(
    'Another process uses the data folder.',
    '数据目录正被另一个进程使用。',
    'Stop that process first, or choose another EVERCERT_DATA_DIR.',
    '请先停止该进程，或改用其他 EVERCERT_DATA_DIR。',
  ),
  internal: text(
    'The service made a mistake of its own.',
    '服务自身发生错误。',
    'Try again; if it goes on, give the request id to the operator.',
    '请重试；如持续发生，请将请求编号提供给管理员。',
  ),
}

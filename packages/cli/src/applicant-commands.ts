/**
 * The commands around applications: apply, contacts, companies, CSRs, reviews, tokens.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { applicationForm, documentKind, keyKind, reviewState } from '@evercert/contract'
import { applyCommand, type ApplyOptions } from './commands/apply.ts'
import {
  addCompanyCommand,
  addContactCommand,
  changeCompanyCommand,
  changeContactCommand,
  listCompaniesCommand,
  listContactsCommand,
  putDocumentCommand,
  removeCompanyCommand,
  removeContactCommand,
  removeDocumentCommand,
  saveDocumentCommand,
  showCompanyCommand,
  showContactCommand,
  type CompanyOptions,
  type ContactOptions,
  type DocumentOptions,
  type SaveDocumentOptions,
} from './commands/contacts.ts'
import {
  addCsrCommand,
  attachKeyCommand,
  listCsrsCommand,
  removeCsrCommand,
  showCsrCommand,
  type CsrOptions,
} from './commands/csrs.ts'
import {
  approveReviewCommand,
  listReviewsCommand,
  refuseReviewCommand,
  showReviewCommand,
  type ApproveOptions,
  type RefuseOptions,
  type ReviewListOptions,
  type ReviewShowOptions,
} from './commands/reviews.ts'
import { addTokenCommand, listTokensCommand, removeTokenCommand, type TokenOptions } from './commands/tokens.ts'
import { certificateArgument } from './find-certificate.ts'
import type { Say } from './language.ts'
import type { Session } from './session.ts'

/** Makes an action of commander from one of ours. */
export type Bind = <Arguments extends unknown[]>(
  action: (session: Session, ...args: Arguments) => Promise<number>,
) => (...args: [...Arguments, Command]) => Promise<void>

export function addApplicantCommands(program: Command, bind: Bind, say: Say): void {
  addApply(program, bind, say)
  addContacts(program, bind, say)
  addCompanies(program, bind, say)
  addCsrs(program, bind, say)
  addReviews(program, bind, say)
  addTokens(program, bind, say)
}

/** For what submits an application: `apply` and `renew`. */
export function addValidationOptions(command: Command, say: Say): Command {
  return command
    .addOption(
      new Option('--validation <method>', say('how domains are validated', '域名验证方式')).choices(
        applicationForm.shape.validationMethod.options,
      ),
    )
    .option('--dns-connection <id>', say('validate through this DNS connection', '通过此 DNS 连接自动验证'))
}

function addApply(program: Command, bind: Bind, say: Say): void {
  const command = program
    .command('apply')
    .argument('<certificate>', certificateArgument(say))
    .description(
      say(
        'submit the application of a certificate: what is known of it, then the file, then the options',
        '提交证书申请：以已有信息为基础，依次由文件与选项覆盖',
      ),
    )
    .option('--file <file>', say('JSON: any fields of the form', 'JSON：表单的任意字段'))
    .option('--domain <names...>', say('domain names, the common name first', '域名，通用名称在前'))
  addValidationOptions(command, say)
    .option('--contact <id>', say('stored contact', '已保存的联系人'))
    .option('--company <id>', say('stored company (OV, EV)', '已保存的公司（OV、EV）'))
    .addOption(new Option('--key <kind>', say('key to make', '生成的密钥类型')).choices(keyKind.options))
    .option('--csr <file>', say('PEM of a CSR of your own', '自备 CSR 的 PEM 文件'))
    .option('--csr-id <id>', say('stored CSR', '已保存的 CSR'))
    .option(
      '--host-key <agent/site>',
      say(
        'the agent makes a new key on its host and sends the CSR; none: the service makes it',
        '由代理在主机上生成新私钥并提交 CSR；none：由系统生成',
      ),
    )
    .option(
      '--reissue',
      say(
        'issue it again at no charge, with a new key, although that is not due (within the period paid for)',
        '在服务期内免费重新签发（使用新密钥），即使尚未到期',
      ),
    )
    .option('--show', say('only show the application', '仅查看申请'))
    .option('--check', say('check the validation now, at each name server', '立即检查验证，逐一查询权威服务器'))
    .option('--withdraw', say('take the application back', '撤回申请'))
    .action(bind<[string, ApplyOptions]>(applyCommand))
}

function addContacts(program: Command, bind: Bind, say: Say): void {
  const contacts = program.command('contacts').description(say('contacts of applications', '申请联系人'))
  contacts
    .command('list', { isDefault: true })
    .description(say('list, masked', '列表（已脱敏）'))
    .action(bind<[object]>(listContactsCommand))
  contacts
    .command('add')
    .description(say('add one', '新增'))
    .requiredOption('--name <name>', say('name', '姓名'))
    .requiredOption('--email <address>', say('e-mail', '邮箱'))
    .requiredOption('--phone <number>', say('phone', '电话'))
    .action(bind<[ContactOptions]>(addContactCommand))
  contacts
    .command('change')
    .argument('<id>')
    .description(say('change what the options name; what was sent stays', '按选项修改；已提交的申请不受影响'))
    .option('--name <name>', say('name', '姓名'))
    .option('--email <address>', say('e-mail', '邮箱'))
    .option('--phone <number>', say('phone', '电话'))
    .action(bind<[string, Partial<ContactOptions>]>(changeContactCommand))
  contacts
    .command('show')
    .argument('<id>')
    .description(say('show one', '查看'))
    .action(bind<[string, object]>(showContactCommand))
  contacts
    .command('remove')
    .argument('<id>')
    .description(say('forget one; what was sent stays', '删除；已提交的申请不受影响'))
    .action(bind<[string, object]>(removeContactCommand))
}

function addCompanies(program: Command, bind: Bind, say: Say): void {
  const companies = program.command('companies').description(say('companies of applications', '申请公司'))
  companies
    .command('list', { isDefault: true })
    .description(say('list, masked', '列表（已脱敏）'))
    .action(bind<[object]>(listCompaniesCommand))
  companies
    .command('add')
    .description(say('add one from a JSON file', '从 JSON 文件新增'))
    .requiredOption(
      '--file <file>',
      say(
        'name, type, phone, registrationNumber, country, region, city, address, postalCode',
        '字段：name、type、phone、registrationNumber、country、region、city、address、postalCode',
      ),
    )
    .option('--licence <file>', say('business licence, PNG or JPEG', '营业执照，PNG 或 JPEG'))
    .option('--bank-permit <file>', say('bank permit, PNG or JPEG', '开户许可证，PNG 或 JPEG'))
    .action(bind<[CompanyOptions]>(addCompanyCommand))
  companies
    .command('change')
    .argument('<id>')
    .description(say('change the fields of a JSON file; what was sent stays', '按 JSON 文件中的字段修改；已提交的申请不受影响'))
    .requiredOption('--file <file>', say('those fields that change', '仅含需要修改的字段'))
    .action(bind<[string, { readonly file: string }]>(changeCompanyCommand))
  companies
    .command('document')
    .argument('<id>')
    .description(say('store a document in place of the last', '上传证件（替换原有）'))
    .addOption(new Option('--kind <kind>', say('which', '类型')).choices(documentKind.options).makeOptionMandatory())
    .requiredOption('--file <file>', say('PNG or JPEG of at most 500 KB', '不超过 500 KB 的 PNG 或 JPEG'))
    .action(bind<[string, DocumentOptions]>(putDocumentCommand))
  companies
    .command('save-document')
    .argument('<id>')
    .description(say('write a stored document to a file', '将已保存的证件写入文件'))
    .addOption(new Option('--kind <kind>', say('which', '类型')).choices(documentKind.options).makeOptionMandatory())
    .requiredOption('--out <file>', say('where to', '输出文件'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[string, SaveDocumentOptions]>(saveDocumentCommand))
  companies
    .command('remove-document')
    .argument('<id>')
    .description(say('forget a document; what was sent stays', '删除证件；已提交的申请不受影响'))
    .addOption(new Option('--kind <kind>', say('which', '类型')).choices(documentKind.options).makeOptionMandatory())
    .action(bind<[string, Pick<DocumentOptions, 'kind'>]>(removeDocumentCommand))
  companies
    .command('show')
    .argument('<id>')
    .description(say('show one', '查看'))
    .action(bind<[string, object]>(showCompanyCommand))
  companies
    .command('remove')
    .argument('<id>')
    .description(say('forget one; what was sent stays', '删除；已提交的申请不受影响'))
    .action(bind<[string, object]>(removeCompanyCommand))
}

function addCsrs(program: Command, bind: Bind, say: Say): void {
  const csrs = program.command('csrs').description(say('stored CSRs', '已保存的 CSR'))
  csrs
    .command('list', { isDefault: true })
    .description(say('list, newest first', '列表，最新在前'))
    .action(bind<[object]>(listCsrsCommand))
  csrs
    .command('add')
    .description(say('make one here, or upload one', '在此生成或上传'))
    .requiredOption('--name <name>', say('name in the list', '列表中的名称'))
    .option('--domain <names...>', say('make one for these names', '为这些域名生成'))
    .option('--key-kind <kind>', say('key to make; default p256', '生成的密钥类型；默认 p256'))
    .option('--csr <file>', say('upload this PEM', '上传此 PEM'))
    .option('--key <file>', say('its private key, if it is to be kept here', '其私钥（如需保存）'))
    .action(bind<[CsrOptions]>(addCsrCommand))
  csrs
    .command('attach-key')
    .argument('<id>')
    .description(say('add the private key of an uploaded one', '为上传的 CSR 添加私钥'))
    .requiredOption('--key <file>', say('PEM without passphrase', 'PEM，无密码'))
    .action(bind<[string, { readonly key: string }]>(attachKeyCommand))
  csrs.command('show').argument('<id>').description(say('show one', '查看')).action(bind<[string, object]>(showCsrCommand))
  csrs
    .command('remove')
    .argument('<id>')
    .description(say('forget one that no application in progress uses', '删除未被使用的 CSR'))
    .action(bind<[string, object]>(removeCsrCommand))
}

function addReviews(program: Command, bind: Bind, say: Say): void {
  const reviews = program.command('reviews').description(say('reviews of OV and EV applications', 'OV、EV 申请的审核'))
  reviews
    .command('list', { isDefault: true })
    .description(say('the queue, oldest first', '待审核列表，最早在前'))
    .addOption(new Option('--state <state>', say('default waiting', '默认 waiting')).choices(reviewState.options))
    .action(bind<[ReviewListOptions]>(listReviewsCommand))
  reviews
    .command('show')
    .argument('<id>')
    .description(say('show one with who applies', '查看审核与申请人'))
    .option('--documents <folder>', say('write the documents there', '将证件写入该目录'))
    .action(bind<[string, ReviewShowOptions]>(showReviewCommand))
  reviews
    .command('approve')
    .argument('<id>')
    .description(say('approve; not with the token that applied', '通过；不能使用提交申请的令牌'))
    .requiredOption('--evidence <text>', say('what was looked at, and what it showed', '核查依据与结果'))
    .option('--check <checks...>', say('checks that were made', '已完成的核查项'))
    .action(bind<[string, ApproveOptions]>(approveReviewCommand))
  reviews
    .command('refuse')
    .argument('<id>')
    .description(say('refuse; the applicant sees the reason', '拒绝；申请人可见原因'))
    .requiredOption('--reason <text>', say('what is wrong', '原因'))
    .option('--evidence <text>', say('what was looked at', '核查依据'))
    .action(bind<[string, RefuseOptions]>(refuseReviewCommand))
}

function addTokens(program: Command, bind: Bind, say: Say): void {
  const tokens = program.command('tokens').description(say('API tokens of the account', '账号的 API 令牌'))
  tokens.command('list', { isDefault: true }).description(say('list', '列表')).action(bind<[object]>(listTokensCommand))
  tokens
    .command('add')
    .description(say('make one; it is printed this once', '新建；仅显示一次'))
    .requiredOption('--name <name>', say('who or what uses it', '使用者'))
    .requiredOption('--scope <permissions...>', say('what it may do', '权限'))
    .option(
      '--tag <tags...>',
      say('only certificates with one of these tags, and what belongs to them', '仅限带有其中任一标签的证书及其相关内容'),
    )
    .action(bind<[TokenOptions]>(addTokenCommand))
  tokens.command('remove').argument('<id>').description(say('end one', '停用')).action(bind<[string, object]>(removeTokenCommand))
}

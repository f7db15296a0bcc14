import { WORDS_ZH } from '@evercert/contract/words-zh'

export const terms = {
  earlierUploadLeft: '服务商处的旧证书尚未清理；本次部署正常。',
  domainType: WORDS_ZH.domainType,
  attribute: WORDS_ZH.attribute,
  origin: { purchased: '购买', uploaded: '上传' },
  grade: { standard: '标准', trial: '试用' },
  unknown: '未知',
  years_one: '{{count}} 年',
  years_other: '{{count}} 年',
  days_one: '{{count}} 天',
  days_other: '{{count}} 天',
  verdict: WORDS_ZH.verdict,
  deployment: WORDS_ZH.deployment,
  mover: { user: '需要您操作', ca: '等待 CA', evercert: '系统处理中', nobody: '此处无需操作' },
  key: { p256: 'ECC P-256', p384: 'ECC P-384', rsa2048: 'RSA 2048', rsa3072: 'RSA 3072', rsa4096: 'RSA 4096' },
  role: { installationOperator: '安装管理员', ...WORDS_ZH.role },
}

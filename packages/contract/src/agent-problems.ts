/**
 * Why an agent cannot say what a certificate of its host is. Without dependencies, since agents have it too.
 *
 * @module
 */
export const FINDING_PROBLEMS = {
  variable: {
    en: 'the path has a variable: which file it is shows only when a client connects',
    zh: '路径含有变量，只有客户端连接时才能确定是哪个文件',
  },
  notAFile: { en: 'it is no file, but inline data or an object of a token', zh: '不是文件，而是内联数据或令牌对象' },
  missing: { en: 'the file is missing', zh: '文件不存在' },
  unreadable: { en: 'the file cannot be read', zh: '文件无法读取' },
  noCertificate: { en: 'the file holds no certificate', zh: '文件中没有证书' },
} as const

export type FindingProblem = keyof typeof FINDING_PROBLEMS

export const signIn = {
  title: '登录 Evercert',
  token: 'API 令牌',
  tokenHelp: '以 evc_ 开头。管理员的令牌在服务数据目录的 operator.token 文件中。令牌只保存在此标签页，关闭即清除。',
  tokenMissing: '请输入 API 令牌。',
  submit: '登录',
}

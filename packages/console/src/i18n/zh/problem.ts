export const problem = {
  remedy: '解决方法',
  detail: '详情',
  requestId: '请求编号',
  retry: '重试',
  lacking: '您的权限不包括此操作（{{scope}}）。',
  toApprovals: '查看审批请求',
  approvers: '可审批：',
  awayCause: '无法连接 Evercert 服务。',
  awayRemedy: '请检查网络以及服务是否正在运行，然后重试。已提交的操作不会丢失，也不会重复执行。',
}

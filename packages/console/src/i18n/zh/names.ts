/**
 * Whose a domain name is, and where its proof is forwarded to.
 *
 * @module
 */
export const names = {
  forwardTo: '或将站点的 /.well-known/ 转发至（保留 Host 头）',
  intro:
    '域名属于完成验证的账号，或由安装管理员分配。归属包含其通配符，以及没有单独归属的下级域名；其他账号不能申请这些域名的证书。',
  of: '查看范围',
  ofAccount: '当前账号',
  ofInstallation: '所有账号',
  search: '域名及其下级',
  find: '查找',
  name: '域名',
  account: '账号',
  how: '归属方式',
  proved: '已验证',
  assigned: '由管理员分配',
  since: '时间',
  assign: '分配域名',
  assignIntro:
    '域名从此属于所选账号，包括通配符和没有单独归属的下级域名。原来的账号保留已有的证书，但不能再获得新的；它会得知域名被收回，但不知道给了谁。',
  nameHelp: '例如 example.com，不含 *. 前缀。',
  assignedDone: '“{{name}}”现在属于“{{account}}”。',
  give: '改为分配',
  release: '放弃',
  releaseTitle: '放弃“{{name}}”？',
  releaseText: '下一个完成验证的账号将拥有该域名及其没有单独归属的下级域名。',
  releaseOwn: '当前账号仍可再次验证后取回，除非其他账号先完成验证。',
  releaseUsed: '仍有有效证书或进行中的申请使用该域名时会被拒绝。',
  releaseAny: '您是安装管理员：即使仍有有效证书使用该域名，也会放弃。',
  released: '已放弃“{{name}}”。',
  shown: '已显示 {{count}} 个，还有更多',
  allShown_one: '共 {{count}} 个',
  allShown_other: '共 {{count}} 个',
  emptyTitle: '没有域名',
  emptyText: '申请证书并通过验证后，域名即归当前账号所有。如需获得其他账号的域名，请联系安装管理员。',
  emptyFound: '没有符合条件的域名。',
}

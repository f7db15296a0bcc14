export const dnsConnections = {
  title: 'DNS 连接',
  intro: '自动添加和删除域名验证的 TXT 记录。申请证书时选择“自动 DNS 验证”即可使用。',
  name: '名称',
  nameHelp: '例如所管理的区域或服务商。',
  connect: '添加 DNS 连接',
  connectIntro: '保存后，证书申请中即可选择。密钥加密保存，不再显示。首次使用时才会连接服务器。',
  connected: '已添加 DNS 连接“{{name}}”。',
  nextUse: '在证书申请中选择“自动 DNS 验证”即可使用。',
  emptyTitle: '还没有 DNS 连接',
  emptyText: '添加后，域名验证无需人工添加记录，证书可以自动续费。',
}

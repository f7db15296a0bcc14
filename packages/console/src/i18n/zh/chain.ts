export const chain = {
  root: '根证书',
  rootElsewhere: '根证书不随证书链发送，由客户端的受信任根证书列表提供。',
  subject: '主体',
  validity: '有效期',
  key: '公钥',
  noFingerprint: '浏览器只在 HTTPS 页面上计算指纹。',
}

export const offer = {
  bought: '本次购买',
  renews: '续费的证书',
  names: '域名',
  namesLater: '付款后在证书申请中填写',
  moreNames: '等，另有 {{count}} 个',
  topUp: '剩余有效期',
  entitledUntil: '服务期至',
  ifNow: '按现在签发计算',
  certificateUntil: '首张证书至',
  shortfall: '（其余 {{count}} 天由系统免费重新签发覆盖）',
  estimate: '预计用时',
}

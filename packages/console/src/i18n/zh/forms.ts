export const forms = {
  actions: '操作',
  loadMore: '加载更多',
  notNow: '暂不',
  required: '请填写此项。',
  currency: '币种',
  badCurrency: '请填写三个字母的币种代码，例如 CNY。',
  badAmount: '请填写大于零的金额，小数位数不超过该币种的规定。',
  note: '备注',
}

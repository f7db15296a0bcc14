export const contacts = {
  title: '联系人',
  intro: '申请证书时使用的联系人。列表中的邮箱和电话已做部分隐藏；已提交的申请保留当时的资料，不受之后修改的影响。',
  name: '姓名',
  email: '邮箱',
  phone: '电话',
  add: '添加联系人',
  edit: '编辑联系人',
  formIntro: 'CA 可能通过电话或邮箱联系此人，请填写真实有效的资料。',
  emptyTitle: '还没有联系人',
  emptyText: '添加联系人后，填写证书申请时可以直接选用。',
  removeTitle: '删除联系人“{{name}}”？',
  removeText: '之后的申请不能再选用该联系人。已提交的申请保留当时的资料，不受影响。',
}

export const certificate = {
  title: '证书详情',
}

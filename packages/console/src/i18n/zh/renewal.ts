export const renewal = {
  title: '证书续费',
}

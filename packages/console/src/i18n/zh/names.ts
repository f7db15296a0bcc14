/**
 * Whose a domain name is, and where its proof is forwarded to.
 *
 * @module
 */
export const names = {
  forwardTo: '或将站点的 /.well-known/ 转发至（保留 Host 头）',
}

export const deploymentLog = {
  title: '部署日志',
  live: '进行中，实时更新',
  lines_one: '{{count}} 行',
  lines_other: '{{count}} 行',
}

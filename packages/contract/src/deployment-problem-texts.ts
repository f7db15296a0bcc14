/**
 * Cause and remedy of what targets and those who reach them answer.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const DEPLOYMENT_PROBLEM_TEXTS = {
  deployRefused: text(
    'The target refused what was asked of it; the detail says why, and what it has now.',
    '部署目标拒绝了此次操作，原因及其当前状态见详情。',
    'Correct what the detail names on the server; the deployment can then be repeated.',
    '请按详情修复服务器上的问题，然后重新部署。',
  ),
  diskFull: text(
    'The disk or the quota of the target has no room for a safe swap of the files.',
    '部署目标的磁盘空间或配额不足，无法安全替换文件。',
    'Free some space there. The deployment is then repeated by itself, or at once with "deploy again".',
    '请在目标上释放空间；之后会自动重新部署，也可立即手动重新部署。',
  ),
  diskReadOnly: text(
    'The file system of the target is read-only.',
    '部署目标的文件系统为只读。',
    'Mount it writable, and look at the log of the system for why it is not. The deployment is then repeated by itself, or at once with "deploy again".',
    '请以可写方式重新挂载，并查看系统日志了解只读原因；之后会自动重新部署，也可立即手动重新部署。',
  ),
  rolledBack: text(
    'The server did not accept the new files, so the previous pair was restored.',
    '服务器未接受新文件，已恢复之前的证书与私钥。',
    'Correct the server configuration as the log says, then deploy again.',
    '请按日志修复服务器配置，然后重新部署。',
  ),
  verificationFailed: text(
    'At least one address does not serve the new certificate.',
    '至少有一个地址未提供新证书。',
    'See the verdict of each address; reload or correct the server behind it.',
    '请查看每个地址的结论，并重新加载或修复对应的服务器。',
  ),
  agentAway: text(
    'The agent on the host has not done the work in time.',
    '主机上的代理未在规定时间内完成任务。',
    'Start evercert-agent on the host and see that it reaches this service. An application then goes on by itself; a deployment that failed is started again.',
    '请在主机上启动 evercert-agent 并确认其能访问本系统。证书申请随后会自动继续，失败的部署需重新执行。',
  ),
  targetBusy: text(
    'As many deployments as may are waiting for the host of this target already: it is busy, or does not answer.',
    '该部署目标所在的主机已有足够多的部署在等待：主机繁忙或没有响应。',
    'It goes on by itself as soon as one of them is done. If it takes long, see why the host, or its reload command, does not answer.',
    '其中任一部署结束后会自动继续。如等待过久，请检查该主机或其重载命令为何没有响应。',
  ),
  placeTaken: text(
    'Another target overwrites one of these files, or is for the same site of an agent: of two the last one deployed would win.',
    '已有其他部署目标写入其中某个文件，或对应代理的同一站点：两者会互相覆盖。',
    'Give files of its own, or remove the other target first. A renewal takes over the targets of the certificate that it renews.',
    '请改用独立的文件，或先移除另一个部署目标。续费证书会自动接管原证书的部署目标。',
  ),
  keyKindTaken: text(
    'At a site of this certificate another one is served beside it, with the kind of key (RSA or ECDSA) that this one was to get: a server has one certificate for each kind.',
    '在该证书的某个站点上，另一张证书已使用所选的密钥类型（RSA 或 ECDSA）；服务器对每种密钥类型只提供一张证书。',
    'Keep the kind of key that the certificate has, or remove one of the two endpoints of that site first.',
    '请保持该证书原有的密钥类型，或先移除该站点的两个站点记录之一。',
  ),
  deploymentUnderWay: text(
    'A deployment to this target is under way: what it put in place is not proved yet.',
    '该部署目标正在部署中，已写入的证书尚未得到验证。',
    'Wait until it has ended, as the log of the deployment shows, then do it again.',
    '请等待部署结束（可查看部署日志），然后重试。',
  ),
  targetUnreachable: text(
    'The deployment target does not answer.',
    '部署目标没有响应。',
    'Check that the server is up and reachable; the service tries again by itself.',
    '请确认服务器在线且可访问，系统会自动重试。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>

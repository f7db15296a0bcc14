/**
 * The texts of problems around keys: the master key, and those that hosts make.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const KEY_PROBLEM_TEXTS = {
  masterKeyNotReady: text(
    'A node that runs does not have the new master key, or none was given. What it could not open would fail there.',
    '有运行中的节点尚未获得新的主密钥，或尚未提供新的主密钥；继续轮换会导致该节点无法打开机密数据。',
    'Copy the new key to the nodes that the detail names (docs/runbooks/rotate-master-key.md), then rotate again.',
    '请将新密钥复制到详情所列的节点（见 docs/runbooks/rotate-master-key.md），然后再次轮换。',
  ),
  masterKeyUnderWay: text(
    'Records are still under an earlier master key.',
    '仍有记录使用较早的主密钥。',
    'Wait until "evercert keys status" says that none is left, then rotate again.',
    '请等待 “evercert keys status” 显示已无剩余记录，然后再次轮换。',
  ),
  masterKeyInUse: text(
    'The master key seals new secrets, records are under it, or a node may still seal with it.',
    '该主密钥正在用于加密新数据，仍有记录使用它，或有节点可能仍在使用它。',
    'Rotate first, and wait until "evercert keys status" says that it may be removed.',
    '请先轮换，并等待 “evercert keys status” 显示可以移除该密钥。',
  ),
  hostKeyRefused: text(
    'The agent did not make the key of the certificate on its host.',
    '代理未能在主机上生成证书私钥。',
    'Correct on the host what the agent says; it is asked again by itself. To let the service make the key, withdraw the application and apply without the agent.',
    '请在主机上按代理的说明处理，系统会自动重试。如需由本系统生成私钥，请撤回申请，并改用系统生成私钥重新申请。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>

/**
 * The texts of problems around keys: the master key, and those that hosts make.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const KEY_PROBLEM_TEXTS = {
  secretsNeeded: text(
    'The change says where the stored secrets are sent from now on, such as another host, and they are not sent to a place that they were not entered for.',
    '此次修改会改变已保存机密的发送位置（例如更换主机）；已保存的机密不会发送到并非为其录入的位置。',
    'Enter the secrets again together with the change.',
    '请在修改的同时重新输入这些机密。',
  ),
  masterKeyNotReady: text(
    'A node that runs does not have the new master key, none was given, or the token made none. What a node could not open would fail there.',
    '有运行中的节点尚未获得新的主密钥，尚未提供新的主密钥，或令牌未能生成密钥；继续轮换会导致该节点无法打开机密数据。',
    'Copy the new key to the nodes that the detail names, or make one in the token (docs/runbooks/rotate-master-key.md), then rotate again.',
    '请将新密钥复制到详情所列的节点，或在令牌中生成密钥（见 docs/runbooks/rotate-master-key.md），然后再次轮换。',
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
  masterKeyAway: text(
    'The token (PKCS#11) that holds the master key is not there, does not answer in time, or does not let the service in. Nothing was lost; secrets cannot be opened or stored meanwhile.',
    '存放主密钥的令牌（PKCS#11）不在、未及时响应或拒绝服务登录。数据没有丢失；在此期间无法打开或保存机密数据。',
    'See that the token is connected and powered and that its PIN is the one in the PIN file. The service goes on by itself once it answers; then try again.',
    '请检查令牌是否已连接并通电，以及 PIN 文件中的 PIN 是否正确。令牌恢复后服务会自动继续，届时请重试。',
  ),
  hostKeyRefused: text(
    'The agent did not make the key of the certificate on its host.',
    '代理未能在主机上生成证书私钥。',
    'Correct on the host what the agent says; it is asked again by itself. To let the service make the key, withdraw the application and apply without the agent.',
    '请在主机上按代理的说明处理，系统会自动重试。如需由本系统生成私钥，请撤回申请，并改用系统生成私钥重新申请。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>

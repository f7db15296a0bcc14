/**
 * Why an upload is refused that is readable and in its time.
 *
 * @module
 */
import { text } from './problem-text.ts'

export const UPLOAD_PROBLEM_TEXTS = {
  duplicateCertificate: text(
    'A certificate with this fingerprint is in the account already.',
    '账号中已存在相同指纹的证书。',
    'Use the one that is there.',
    '请使用已有的证书。',
  ),
  notItsSuccessor: text(
    'The certificate that the upload is to succeed was bought here, was revoked or deleted, or begins later than the upload.',
    '指定的前一张证书是在本服务购买的、已吊销或删除，或其生效时间晚于所上传的证书。',
    'Renew what was bought by an order; upload from the oldest to the newest; or upload without a predecessor.',
    '在本服务购买的证书请下单续费；请从旧到新依次上传；或不指定前一张证书。',
  ),
}

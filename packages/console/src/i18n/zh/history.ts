export { HISTORY_ZH as history } from '@evercert/contract/history-words'

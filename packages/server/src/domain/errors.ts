/**
 * The one error class of the server, and how a job treats each code.
 *
 * @module
 */
export { AppError, RETRY, type AppErrorOptions, type Retry } from '@evercert/contract/app-error'

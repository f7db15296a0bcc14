/**
 * Passkeys between the service and this browser (WebAuthn). What talks to the device is loaded when somebody uses one.
 *
 * @module
 */
import type { PasskeyRegistrationOptions, PasskeySignInOptions } from '@evercert/contract'
import { api } from './client.ts'
import { sendSignIn } from './sign-in.ts'

/** Why the browser gave no answer of a device. */
export type DeviceFault = 'notGiven' | 'registered' | 'other'

export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly fault: DeviceFault

  constructor(fault: DeviceFault, cause: unknown) {
    super(fault, { cause })
    this.fault = fault
  }
}

export function hasPasskeys(): boolean {
  return typeof globalThis.PublicKeyCredential === 'function'
}

/** @throws ApiProblem `passkeyRefused`, `rateLimited`; DeviceError */
export async function signInByPasskey(): Promise<void> {
  const optionsJSON = (await sendSignIn('passkey/generate-authenticate-options', {})) as PasskeySignInOptions
  const { startAuthentication } = await import('@simplewebauthn/browser')
  const response = await askDevice(() => startAuthentication({ optionsJSON }))
  await sendSignIn('passkey/verify-authentication', { response })
}

/** Says again who the user of the session is. @throws ApiProblem `passkeyRefused`, `rateLimited`; DeviceError */
export async function confirmByPasskey(): Promise<void> {
  const optionsJSON = (await sendSignIn('passkey/generate-authenticate-options', {})) as PasskeySignInOptions
  const { startAuthentication } = await import('@simplewebauthn/browser')
  const passkey = await askDevice(() => startAuthentication({ optionsJSON }))
  await api.sessions.confirm({ passkey })
}

/** @param password null: the user has none. @throws ApiProblem `signInRefused` (the password), `passkeyRefused`, `rateLimited`; DeviceError */
export async function registerPasskey(name: string, password: string | null): Promise<void> {
  const optionsJSON = (await sendSignIn(
    'passkey/generate-register-options',
    password === null ? {} : { password },
  )) as PasskeyRegistrationOptions
  const { startRegistration } = await import('@simplewebauthn/browser')
  const response = await askDevice(() => startRegistration({ optionsJSON }))
  await sendSignIn('passkey/verify-registration', { response, name })
}

/** Browsers say `NotAllowedError` for all that a person did or left undone (WebAuthn Level 3 §14.5.1). */
const FAULTS: Readonly<Record<string, DeviceFault>> = {
  NotAllowedError: 'notGiven',
  AbortError: 'notGiven',
  InvalidStateError: 'registered',
}

async function askDevice<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    throw new DeviceError(FAULTS[error instanceof Error ? error.name : ''] ?? 'other', error)
  }
}

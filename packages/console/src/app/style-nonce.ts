/**
 * The nonce that style elements need under the page's policy. Ant Design gives it to most of those it writes, but not to the ones that
 * lock scrolling and measure scroll bars: so each that a script of ours makes gets it. What is in markup gets none.
 *
 * @module
 */

/** As the service wrote it into the page; empty without a policy, for instance under Vite. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.nonce ?? ''

export function giveNonceToStyles(): void {
  const create = document.createElement.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = create(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = styleNonce
    return element
  }
}

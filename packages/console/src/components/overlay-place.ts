/**
 * Where drawers and dialogs are put.
 *
 * @module
 */

/**
 * Inside the app, for its texts to look like those of the page. In the body itself Ant Design would lock scrolling by a style element
 * without a nonce, which the policy refuses; `page.css` locks it.
 */
export function overlayPlace(): HTMLElement {
  return document.querySelector<HTMLElement>('.app') ?? document.body
}

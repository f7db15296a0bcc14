/**
 * The Chinese texts are the measure: each other language has the same keys, or does not compile.
 *
 * @module
 */

/** The same keys, with other texts. */
export type SameKeys<Texts> = { readonly [Key in keyof Texts]: Texts[Key] extends string ? string : SameKeys<Texts[Key]> }

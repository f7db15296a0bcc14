/**
 * Names that are shown as they were entered are one line from now on; what was stored before with line breaks or control characters gets spaces there.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

/** As `ONE_LINE` of the contract, the other way round. */
const CONTROLS = String.raw`[\u0001-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]`

const ONE_LINE = `create function evercert_one_line(given text) returns text language sql immutable as $$
  select coalesce(nullif(btrim(regexp_replace(given, '${CONTROLS}+', ' ', 'g')), ''), '-') $$`

/** The texts of an object, not of what is inside them. */
const ONE_LINE_EACH = `create function evercert_one_line_each(given jsonb) returns jsonb language sql immutable as $$
  select jsonb_object_agg(key, case jsonb_typeof(value) when 'string' then to_jsonb(evercert_one_line(value #>> '{}')) else value end)
    from jsonb_each(given) $$`

const inForm = (
  part: string,
) => `update application set form = jsonb_set(form, '{${part}}', evercert_one_line_each(form -> '${part}'))
  where jsonb_typeof(form -> '${part}') = 'object'
    and exists (select 1 from jsonb_each_text(form -> '${part}') each where each.value ~ '${CONTROLS}')`

const STATEMENTS = [
  ONE_LINE,
  ONE_LINE_EACH,
  `update contact set name = evercert_one_line(name), phone = evercert_one_line(phone)
    where name ~ '${CONTROLS}' or phone ~ '${CONTROLS}'`,
  `update company set details = evercert_one_line_each(details)
    where exists (select 1 from jsonb_each_text(details) each where each.value ~ '${CONTROLS}')`,
  `update notice_settings set recipients =
      (select jsonb_agg(evercert_one_line_each(each.value) order by each.ordinality)
        from jsonb_array_elements(recipients) with ordinality each)
    where exists (select 1 from jsonb_array_elements(recipients) each where each.value ->> 'name' ~ '${CONTROLS}')`,
  ...['contact', 'location', 'superior'].map(inForm),
  `drop function evercert_one_line_each(jsonb)`,
  `drop function evercert_one_line(text)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

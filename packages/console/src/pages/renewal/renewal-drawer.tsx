import type { PageProps } from '../../app/page-props.ts'
export function RenewalDrawer({ params }: PageProps) {
  return <h1>{params['id']}</h1>
}

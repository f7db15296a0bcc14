/**
 * A menu under its button. It appears where it stays: while Ant Design's own unfolds, a click may begin on one item and end on none, and while
 * it folds up, the button does not open it again.
 *
 * @module
 */
import Dropdown, { type DropdownProps } from 'antd/es/dropdown'

export type DropMenuProps = Pick<DropdownProps, 'menu' | 'disabled' | 'placement' | 'open' | 'onOpenChange' | 'children'>

export function DropMenu(props: DropMenuProps) {
  return <Dropdown trigger={['click']} transitionName="" {...props} />
}

/**
 * Opens the palette by ⌘K or Ctrl+K, wherever the focus is; its code is loaded then.
 *
 * @module
 */
import Button from 'antd/es/button'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { allTexts } from '../i18n/i18n.ts'

const Palette = lazy(async () => {
  const [{ Palette: component }] = await Promise.all([import('./palette/palette.tsx'), allTexts()])
  return { default: component }
})

const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent)

export function PaletteOpener() {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isMeant = IS_APPLE ? event.metaKey : event.ctrlKey // Ctrl+K deletes a line on a Mac
      if (event.key.toLowerCase() !== 'k' || !isMeant || event.altKey || event.shiftKey) return
      event.preventDefault() // some browsers have a search of their own there
      setOpen((before) => !before)
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <>
      <Button
        type="text"
        className="palette-opener"
        title={t('shell.palette')}
        aria-haspopup="dialog"
        aria-keyshortcuts={IS_APPLE ? 'Meta+K' : 'Control+K'}
        onClick={() => setOpen(true)}
      >
        <kbd>{IS_APPLE ? '⌘K' : 'Ctrl K'}</kbd> <span className="visually-hidden">{t('shell.palette')}</span>
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

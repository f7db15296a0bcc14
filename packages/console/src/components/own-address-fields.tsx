/**
 * The address of a target's own, by which its deployments are judged.
 *
 * @module
 */
import { endpointProtocol, type EndpointProtocol } from '@evercert/contract'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'

export interface OwnAddress {
  readonly host?: string | undefined
  readonly protocol?: EndpointProtocol | undefined
  readonly port?: number | null | undefined
  readonly serverName?: string | undefined
}

const MAX_HOST = 253
const MAX_PORT = 65_535
const PROTOCOLS = endpointProtocol.options.map((protocol) => ({ value: protocol, label: protocol.toUpperCase() }))

/** As the API takes it; null when there is none. */
export function ownAddressOf({ host = '', protocol = 'tls', port, serverName = '' }: OwnAddress) {
  if (host.trim() === '') return null
  return {
    host: host.trim(),
    protocol,
    ...(typeof port === 'number' && { port }),
    ...(serverName.trim() !== '' && { serverName: serverName.trim() }),
  }
}

export function OwnAddressFields({ help }: { readonly help: string }) {
  const { t } = useTranslation()
  return (
    <>
      <Form.Item name="host" label={t('agents.probeHost')} extra={help}>
        <Input maxLength={MAX_HOST} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Form.Item>
      <div className="form-pair">
        <Form.Item name="protocol" label={t('discovery.protocol')} initialValue="tls">
          <Select options={PROTOCOLS} />
        </Form.Item>
        <Form.Item name="port" label={t('agents.probePort')}>
          <InputNumber min={1} max={MAX_PORT} precision={0} placeholder={t('targets.portDefault')} />
        </Form.Item>
      </div>
      <Form.Item name="serverName" label={t('agents.serverName')}>
        <Input maxLength={MAX_HOST} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Form.Item>
    </>
  )
}

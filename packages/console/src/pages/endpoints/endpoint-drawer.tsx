/**
 * One endpoint: what each of its addresses serves, and a probe at once.
 *
 * @module
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Drawer from 'antd/es/drawer'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { NARROW, useMedia } from '../../app/preferences.ts'
import { CertificateLink } from '../../components/certificate-link.tsx'
import { Facts } from '../../components/facts.tsx'
import { EndpointList } from '../../components/endpoint-list.tsx'
import { overlayPlace } from '../../components/overlay-place.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { pick } from '../../i18n/i18n.ts'

const WIDTH = 560

export function EndpointDrawer({ id, onClose }: { readonly id: string | null; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const isNarrow = useMedia(NARROW)
  return (
    <Drawer
      title={t('endpoints.endpoint')}
      open={id !== null}
      onClose={onClose}
      size={isNarrow ? '100%' : WIDTH}
      destroyOnHidden
      getContainer={overlayPlace}
    >
      {id !== null && <OneEndpoint id={id} />}
    </Drawer>
  )
}

function OneEndpoint({ id }: { readonly id: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const endpoint = useQuery({ queryKey: keys.endpoint(id), queryFn: () => api.endpoints.get({ id }) })
  const probe = useMutation({
    mutationFn: (certificateId: string) => api.certificates.verify({ id: certificateId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keys.endpoints })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  return (
    <QueryView query={endpoint}>
      {(data) => (
        <>
          <Facts items={[[t('endpoints.certificate'), <CertificateLink key="certificate" id={data.certificateId} />]]} />
          <EndpointList endpoints={[data]} />
          <ProblemNotice error={probe.error} />
          <p role="status">
            {probe.data !== undefined &&
              t('endpoints.probed', { name: probe.data.name, sentence: pick(probe.data.nextStep.text) })}
          </p>
          <AllowedButton
            operation="certificates.verify"
            label={t('certificates.probe')}
            loading={probe.isPending}
            onClick={() => probe.mutate(data.certificateId)}
          />
        </>
      )}
    </QueryView>
  )
}

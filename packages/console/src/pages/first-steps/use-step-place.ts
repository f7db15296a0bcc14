/**
 * Where the next step is done: the very place, so that nobody looks for it.
 *
 * @module
 */
import type { FirstStep } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { applicationPlace, certificatePlace, renewalPlace } from '../certificates/next-place.ts'
import { placeOf } from './step-states.ts'

/** @param certificateId the certificate that is furthest; null: none is here */
export function useStepPlace(step: FirstStep | null, certificateId: string | null): string {
  const id = step === 'renewed' ? certificateId : null
  const certificate = useQuery({
    queryKey: keys.certificate(id ?? ''),
    queryFn: () => api.certificates.get({ id: id ?? '' }),
    enabled: id !== null,
  })
  if (id === null || certificate.data === undefined) return placeOf(step ?? 'certificate', certificateId)
  const { renewal, origin, renewedByCertificateId } = certificate.data
  if (renewal.eligible || renewedByCertificateId !== null) return renewalPlace({ id })
  // An upload is renewed in its window alone; its page says from when on.
  return origin === 'uploaded' ? certificatePlace({ id }) : `${applicationPlace({ id })}?reissue`
}

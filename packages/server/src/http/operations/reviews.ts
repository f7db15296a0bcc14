/**
 * Reviews: each operation one line to its service.
 *
 * @module
 */
import { approveReview, listReviews, loadReview, loadReviewDocument, refuseReview } from '../../services/reviews.ts'
import { operations } from './operation.ts'

export const reviews = {
  list: operations.reviews.list.handler(({ context: { services, caller }, input }) => listReviews(services, caller, input)),
  get: operations.reviews.get.handler(({ context: { services, caller }, input }) => loadReview(services, caller, input.id)),
  document: operations.reviews.document.handler(({ context: { services, caller }, input }) =>
    loadReviewDocument(services, caller, input.id, input.kind),
  ),
  approve: operations.reviews.approve.handler(({ context: { services, caller }, input: { id, ...approval } }) =>
    approveReview(services, caller, id, approval),
  ),
  refuse: operations.reviews.refuse.handler(({ context: { services, caller }, input: { id, ...refusal } }) =>
    refuseReview(services, caller, id, refusal),
  ),
}

/**
 * Bounds of one request that uploads many certificates: whoever has more sends several.
 *
 * @module
 */
export const MAX_UPLOADS = 500
export const MAX_UPLOADS_BYTES = 8 * 1024 * 1024
export const UPLOADS_PATH = '/api/v1/certificate-uploads'

/** Where one's own jobs lie among the answers that are kept. */
export const JOBS = ['multimodal-jobs']

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const city = 'http://127.0.0.1:7400'
const here = import.meta.dirname

/** Builds to `web/dist`, which the city serves; in development everything that is not ours is asked of a city on port 7400. */
export default defineConfig({
  root: here,
  plugins: [react(), tailwindcss()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: {
    host: '127.0.0.1',
    fs: { allow: ['..'] },
    proxy: { '/api': { target: city, ws: true }, '/health': city, '/ready': city, '/v1': city },
  },
})

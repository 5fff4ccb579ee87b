import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/kit/ports.ts'

/** Somebody else's program that does what ours does, at work. */
export interface Peer extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
}

const START_MS = 90_000
const INSTALL_MS = 300_000
const LITELLM = 'litellm[proxy]'

/** nginx as a plain pass-through with kept connections; one worker. Null where it is not installed. */
export async function nginx(provider: string): Promise<Peer | null> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'))
  const conf = join(folder, 'nginx.conf')
  writeFileSync(
    conf,
    `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream p { server ${new URL(provider).host}; keepalive 512; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 100000000;
    location / { proxy_pass http://p; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}`,
  )
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
  } catch {
    return null
  }
  return await started('nginx', spawn('nginx', ['-c', conf, '-p', folder], { stdio: 'ignore' }), port, {})
}

/** Portkey's gateway, fetched into a folder of the system's the first time, with the versions of its server that it streams with. */
export async function portkey(provider: string): Promise<Peer> {
  const folder = join(tmpdir(), 'daarion-bench-portkey')
  const entry = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({
        private: true,
        dependencies: { '@portkey-ai/gateway': '1.15.2' },
        overrides: { '@hono/node-server': '1.13.8', hono: '4.9.7' },
      }),
    )
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund']
    execFileSync('npm', args, { cwd: folder, timeout: INSTALL_MS, stdio: 'ignore' })
  }
  const port = await freePort()
  const child = spawn(process.execPath, [entry, `--port=${port}`, '--headless'], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: 'localhost,127.0.0.1' },
  })
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${provider}/v1` }
  return await started('Portkey', child, port, headers)
}

/** LiteLLM's proxy, fetched into a folder of the system's the first time. Null, and said so, where it cannot be installed. */
export async function litellm(provider: string): Promise<Peer | null> {
  const folder = join(tmpdir(), 'daarion-bench-litellm')
  const done = join(folder, 'ok')
  const bin = join(folder, 'venv/bin')
  try {
    if (!existsSync(done)) {
      mkdirSync(folder, { recursive: true })
      const quiet = { cwd: folder, timeout: INSTALL_MS, stdio: 'ignore' } as const
      execFileSync('python3', ['-m', 'venv', 'venv'], quiet)
      execFileSync(join(bin, 'pip'), ['install', '--quiet', LITELLM], quiet)
      writeFileSync(done, LITELLM)
    }
    const port = await freePort()
    const config = join(mkdtempSync(join(tmpdir(), 'bench-litellm-')), 'config.json')
    const params = { model: 'openai/m', api_base: `${provider}/v1`, api_key: 'none' }
    writeFileSync(config, JSON.stringify({ model_list: [{ model_name: 'm', litellm_params: params }] }))
    const key = 'sk-bench'
    const args = ['--config', config, '--port', String(port), '--host', '127.0.0.1', '--num_workers', '1']
    const child = spawn(join(bin, 'litellm'), args, {
      cwd: folder,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        LITELLM_MASTER_KEY: key,
        LITELLM_LOG: 'ERROR',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      },
    })
    return await started('LiteLLM', child, port, { authorization: `Bearer ${key}` })
  } catch (error) {
    console.log(`left out  LiteLLM: ${error instanceof Error ? error.message : error}`)
    return null
  }
}

async function started(
  name: string,
  child: ChildProcess,
  port: number,
  headers: Peer['headers'],
): Promise<Peer> {
  const url = `http://127.0.0.1:${port}`
  for (const until = Date.now() + START_MS; ; ) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`${name} did not start`)
    }
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    name,
    url,
    pid: child.pid ?? 0,
    headers,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

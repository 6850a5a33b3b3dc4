"""What a deployment decides, read from the environment in this package only.

| Variable | Meaning | Default |
|---|---|---|
| `CLIPMILL_STORE` | URL of the store, or a folder | `./clipmill-data` |
| `CLIPMILL_SCRATCH` | folder for scratch files; on the disk of a local store, outputs need no copy | the system's folder for temporary files |
| `CLIPMILL_THREADS` | cores that one call keeps busy | all cores, at most 4 |
| `CLIPMILL_MEMORY_GB` | memory of one call, in GiB | what the function needs |
| `CLIPMILL_TIMEOUT_S` | longest time of one attempt, in seconds | 21600, six hours: cores are slower than the machines that functions ask for |
| `CLIPMILL_CACHE_GB` | size of the step cache, in GiB; 0 keeps nothing | 20 |
| `CLIPMILL_RUNNER` | where jobs run: `auto`, `local`, `modal`, `runpod` or `prefect` | `auto` |
| `MODAL_ENABLED` | whether `auto` may take Modal: `true` or `false` | where an access token is in `MODAL_TOKEN_ID` |
| `CLIPMILL_MODAL_APP` | name of the app on Modal | `clipmill-video` |
| `CLIPMILL_MODAL_ENVIRONMENT` | environment of the app on Modal | the workspace's own |
| `CLIPMILL_MODAL_SECRETS` | names of Modal's secrets that the functions get, comma separated | `r2-credentials` |
| `CLIPMILL_MODAL_MODELS` | weights of super-resolution that the image there has, as `clipmill models fetch` takes them, comma separated | none |
| `CLIPMILL_MODAL_MAX_CONTAINERS` | containers of one function at a time | 10 |
| `CLIPMILL_MODAL_BUFFER_CONTAINERS` | idle containers of one function held ready while it is busy | 0 |
| `CLIPMILL_MODAL_SCALEDOWN_S` | how long an idle container waits for the next call, in seconds | 60 |
| `CLIPMILL_SHARED_PREFIXES` | read-only key prefixes without a tenant, comma separated | none |
| `CLIPMILL_TENANT` | whose objects a job means that names no tenant | the root of the store, `local` in the service |
| `CLIPMILL_DATABASE` | URL of the service's database: `sqlite:///path` or `postgresql://user@host/name` | `sqlite:///clipmill-data/ledger.db` |
| `CLIPMILL_HOST` | the address that the service listens on; any but this machine's own needs an API key | `127.0.0.1` |
| `CLIPMILL_PORT` | the port that the service listens on; 0 takes a free one | 8400 |
| `CLIPMILL_DRAIN_S` | how long jobs under way may go on once the service is told to stop, in seconds | 20 |
| `CLIPMILL_METRICS` | whether the service answers `/metrics`: `on` or `off` | `off` |
| `CLIPMILL_ORIGINS` | pages of other sites that a browser lets in, comma separated | none |
| `CLIPMILL_WEBHOOK_HTTP` | whether webhooks may go over plain http: `on` or `off` | `off` |
| `CLIPMILL_WEBHOOK_PRIVATE` | whether webhooks may go to private addresses: `on` or `off` | `off` |
| `CLIPMILL_WEBHOOK_SECRETS` | secrets that sign what goes to the address of a single job, newest first, comma separated | none |
| `CLIPMILL_RUNNING_JOBS` | jobs of one tenant that run at a time | 16 |
| `CLIPMILL_QUEUED_JOBS` | jobs of one tenant that may wait | 1000 |
| `CLIPMILL_REQUESTS_PER_MINUTE` | calls of one key, in a minute | 600 |
| `CLIPMILL_BODY_MB` | size of a call's body, in MiB; uploads do not count | 2 |
| `CLIPMILL_CLIPS` | clips of one job | 500 |
| `CLIPMILL_KEYFRAMES` | keyframes of one clip | 10000 |
| `CLIPMILL_INPUT_GB` | size of an upload, in GiB | 64 |
| `CLIPMILL_DURATION_S` | length of a source and of an output, in seconds | 21600, six hours |
| `CLIPMILL_MEGAPIXELS` | pixels of a source's and an output's picture, in millions | 35.4 |
| `CLIPMILL_FRAME_RATE` | frames per second of a source and of an output | 240 |
| `CLIPMILL_KEEP_JOBS_DAYS` | how long jobs are kept from their end, in days; 1 at least | 30 |
| `CLIPMILL_KEEP_EVENTS_DAYS` | how long what was told of a job is kept from its end, in days | 7 |
| `CLIPMILL_KEEP_MESSAGES_DAYS` | how long webhook messages are kept, in days | 7 |
| `CLIPMILL_URL` | where the client and `clipmill jobs` find a service | `http://127.0.0.1:8400` |
| `CLIPMILL_API_KEY` | the key that they show it | none |
| `CLIPMILL_GPU` | class of this machine's graphics card: `none`, `small`, `medium` or `large` | `none` |
| `CLIPMILL_DEVICE` | what draws pictures: `cpu`, `cuda`, or `auto`, a graphics card where there are one and PyTorch | `auto` |
| `CLIPMILL_PRICES` | what a second costs, as `runner.class=USD`, comma separated; it goes over the published prices | the published ones |
| `CLIPMILL_MODELS` | folder with the weights of super-resolution, which `clipmill models fetch` fills | `clipmill/models` in the user's folder for caches |
| `CLIPMILL_OCR_ENGINE` | what reads text where a request names no engine: `rapidocr`, `tesseract` or `google-vision` | `rapidocr` |
| `GOOGLE_APPLICATION_CREDENTIALS_JSON` | the key of a Google Cloud account as JSON text, for `google-vision` | none |
| `RUNPOD_API_KEY` | key of a RunPod account | none |
| `RUNPOD_ENDPOINT_ID` | the endpoint there that runs jobs, or one for each class of card: `small=abc,medium=def` | none |
| `RUNPOD_ENDPOINT_BASE_URL` | where RunPod answers | `https://api.runpod.ai/v2` |
| `PREFECT_API_URL` | the interface of a Prefect server, such as `http://host:4200/api` | none |
| `PREFECT_API_AUTH_STRING` | `name:password` that the server asks for | none |
| `PREFECT_API_KEY` | key of a Prefect Cloud account | none |
| `CLIPMILL_PREFECT_POOL` | the work pool there that runs jobs | `clipmill` |
| `CLIPMILL_PREFECT_LIMITS` | runs at a time by class of graphics card, as `class=number`, comma separated; a class without one has no limit | `small=1,medium=1,large=1` |

The store's credentials have the names that their makers gave them; the storage layer picks them out.
"""

from clipmill.settings.bounds import SIX_HOURS_S
from clipmill.settings.platforms import ModalSettings, PrefectSettings, RunnerChoice
from clipmill.settings.settings import DATABASE, Settings, cores

__all__ = ["DATABASE", "SIX_HOURS_S", "ModalSettings", "PrefectSettings", "RunnerChoice", "Settings", "cores"]

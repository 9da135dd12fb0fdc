"""A small order desk in FastAPI on uvicorn; `opentelemetry-instrument python app.py` is all that traces it.

Prints the port that it listens at, on a line of its own, once the socket is bound.
"""

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders/{order}")
async def show_order(order: str) -> dict:
    return {"order": order, "items": [{"name": "lamp", "count": 2}]}


if __name__ == "__main__":
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    listener = config.bind_socket()
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])

"""A small order desk in Flask on waitress; `opentelemetry-instrument python app.py` is all that traces it.

Prints the port that it listens at, on a line of its own, once it accepts connections. Not Flask's own development server:
that one closes each connection after one answer, and behind a real app connector many requests share one.
"""

from flask import Flask
from waitress import create_server

app = Flask(__name__)


@app.get("/orders/<order>")
def show_order(order: str) -> dict:
    return {"order": order, "items": [{"name": "lamp", "count": 2}]}


if __name__ == "__main__":
    server = create_server(app, host="127.0.0.1", port=0)
    print(server.effective_port, flush=True)
    server.run()

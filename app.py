"""The application and its queue, for servers and consumers that import them."""

from crm import create_app

app = create_app()
huey = app.extensions["huey"]

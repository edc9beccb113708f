"""Sends messages until stdin ends, each until it is acknowledged. Arguments: URL, token, prefix of identifiers."""
import asyncio
import itertools
import sys

import socketio

url, token, prefix = sys.argv[1:]
client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.5)


def show(text):
    print(text, flush=True)


@client.event
async def connect():
    show("connected")
    await client.emit("join", "harbour")


@client.event
async def disconnect(*_):
    show("disconnected")


@client.on("server:draining")
async def draining(_):
    show("draining")


@client.on("said")
async def said(message):
    show(f"said {message['id']}")


async def say(number):
    while True:
        try:
            message = {"id": number, "room": "harbour", "text": "ahoy"}
            if (await client.call("say", message, timeout=1))["ok"]:
                return
        except socketio.exceptions.SocketIOError:
            pass  # Not acknowledged: send it again.
        await asyncio.sleep(0.02)


async def main():
    await client.connect(url, auth={"token": token}, transports=["websocket"], retry=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for number in itertools.count():
        if ended.done():
            break
        await say(f"{prefix}-{number}")
        show(f"acknowledged {prefix}-{number}")
        await asyncio.sleep(0.04)
    show(f"done {str(client.connected).lower()}")
    await client.disconnect()


asyncio.run(main())

-- It reports cookies and bodies, and echoes messages.
return { requires_raw_auth = true, requires_body = true, websocket = true }

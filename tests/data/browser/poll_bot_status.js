async function pollBotStatus(botId, token) {
  const pollInterval = 3000; // 3 секунды

  while (true) {
    try {
      const response = await fetch(
        `http://localhost:8000/api/v1/meet/status/${botId}`,
        {
          headers: {
            'Authorization': `Bearer ${token}`
          }
        }
      );

      const status = await response.json();
      console.log('Bot status:', status.status);

      // Обновляем UI
      updateUI(status.status);

      // Останавливаем polling если финальный статус
      if (status.status === 'done' || status.status === 'error') {
        if (status.status === 'done') {
          console.log('Results:', status.result_data);
        } else {
          console.error('Error:', status.error_message);
        }
        break;
      }

      // Ждем перед следующим запросом
      await new Promise(resolve => setTimeout(resolve, pollInterval));

    } catch (error) {
      console.error('Polling error:', error);
      await new Promise(resolve => setTimeout(resolve, pollInterval));
    }
  }
}

// Использование
const startBot = async (meetUrl) => {
  const response = await fetch('http://localhost:8000/api/v1/meet/trigger', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Authorization': `Bearer ${yourToken}`
    },
    body: JSON.stringify({
      meet_url: meetUrl,
      bot_name: 'My Bot'
    })
  });

  const { bot_id } = await response.json();

  // Начинаем polling
  pollBotStatus(bot_id, yourToken);
};
